import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { openEmbeddedJobQueue } from "../../src/jobs/embedded/embedded-job-queue.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { describeJobQueue } from "../contracts/job-queue.ts";
import { calm } from "../contracts/job-queue-subject.ts";

const MAX_PAUSE_MS = 4000;

describeJobQueue({
  name: "embedded queue",
  async open(resources) {
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-jobs-")));
    const clock = new FakeClock();
    const open = async (): ReturnType<typeof openEmbeddedJobQueue> =>
      resources.use(
        await openEmbeddedJobQueue({
          ...calm(),
          path: join(folder.path, "jobs.sqlite"),
          clock,
          retry: { maxAttempts: 3, firstDelayMs: 1000, maxDelayMs: MAX_PAUSE_MS },
        }),
      );
    return {
      queue: await open(),
      maxPauseMs: MAX_PAUSE_MS,
      reopen: open,
      async pass(ms) {
        await setImmediate(); // who just began to wait has to get as far as the clock
        await clock.advance(ms);
      },
      now: () => clock.now(),
    };
  },
});

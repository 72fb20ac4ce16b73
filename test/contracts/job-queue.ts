import { afterEach, beforeEach, describe, it } from "vitest";
import { describeJobAdding } from "./job-queue-adding.ts";
import { describeJobControl } from "./job-queue-control.ts";
import { describeJobLeases } from "./job-queue-leases.ts";
import type { JobLaw, JobQueueSubject, TestedQueue } from "./job-queue-subject.ts";
import { describeJobTaking } from "./job-queue-taking.ts";

/** Every implementation of the queue port passes this suite. */
export function describeJobQueue({ name, open }: JobQueueSubject): void {
  describe(`${name} fulfils the job queue contract`, () => {
    let resources: AsyncDisposableStack;
    let store: TestedQueue;
    beforeEach(async () => {
      resources = new AsyncDisposableStack();
      store = await open(resources);
    });
    afterEach(() => resources.disposeAsync());

    const law: JobLaw = (title, test) => it(title, () => test(store));
    describeJobAdding(law);
    describeJobTaking(law);
    describeJobLeases(law);
    describeJobControl(law);
  });
}

/** What every client can do with the rights that rules give, and cannot do without them. */
import { beforeAll, expect, it } from "vitest";
import type { AccessClientKind } from "./access-client.ts";
import { type AccessSession, describeAccess, type OpenRegistry } from "./access-session.ts";
import { bargeSection, CREATOR, openGuarded, OWNER, READER, ROBOT } from "./people.ts";

const openRuled: OpenRegistry = async (resources, folder) => ({
  barge: await openGuarded(resources, { barge: await bargeSection(folder) }),
  neighbours: [],
});

/** The whole story against a registry with users, a robot and rules. */
export function describeRules(
  kind: AccessClientKind,
  more: (session: AccessSession) => void = () => undefined,
): void {
  describeAccess(kind, openRuled, (session) => {
    beforeAll(async () =>
      // Somebody may see each of them who may not see all.
      session.as(OWNER, async ({ push }) => {
        for (const namespace of ["public", "team", "secret"]) {
          await push(`${namespace}/${kind.title}:1.0.0`, "first");
        }
      }),
    );
    tellReading(kind, session);
    tellWriting(kind, session);
    more(session);
  });
}

function tellReading({ title, messages }: AccessClientKind, session: AccessSession): void {
  it("a wrong password is refused, the right one is taken", async () => {
    const wrong = { ...READER, password: `${READER.password}!` };
    await session.refused(wrong, messages.wrongPassword);
    await session.as(READER, async ({ pull }) => pull(`team/${title}:1.0.0`));
  });

  it("without a login only what is public is pulled", async () => {
    const { pull } = session.client;
    await pull(`public/${title}:1.0.0`);
    await expect(pull(`team/${title}:1.0.0`)).rejects.toThrow(messages.loginNeeded);
  });

  it("what one may not see is as unknown as what there is not", async () => {
    await session.as(READER, async ({ pull }) => {
      await expect(pull(`secret/${title}:1.0.0`)).rejects.toThrow(messages.unknown);
      await expect(pull(`secret/none:1.0.0`)).rejects.toThrow(messages.unknown);
    });
  });

  it("after the logout nothing is pulled or pushed", async () => {
    await session.as(OWNER, async ({ pull }) => pull(`secret/${title}:1.0.0`));
    const { pull, push } = session.client;
    await expect(pull(`secret/${title}:1.0.0`)).rejects.toThrow(messages.loginNeeded);
    await expect(push(`team/out-${title}:1.0.0`, "first")).rejects.toThrow(messages.loginNeeded);
  });
}

function tellWriting({ title, messages }: AccessClientKind, session: AccessSession): void {
  it("who may only read pushes nothing", async () => {
    const image = `team/read-${title}:1.0.0`;
    await session.as(READER, async ({ push }) => {
      await expect(push(image, "first")).rejects.toThrow(messages.denied);
    });
    await session.as(OWNER, async ({ pull }) => {
      await expect(pull(image)).rejects.toThrow(messages.unknown);
    });
  });

  it("who may only create moves no tag that is there", async () => {
    await session.as(CREATOR, async ({ push, pull }) => {
      await push(`team/made-${title}:1.0.0`, "first");
      await pull(`team/made-${title}:1.0.0`);
      await push(`team/made-${title}:1.0.1`, "second");
      await expect(push(`team/made-${title}:1.0.0`, "second")).rejects.toThrow(messages.tagTaken);
    });
    await session.as(OWNER, async ({ push }) => push(`team/made-${title}:1.0.0`, "second"));
  });

  it("a robot logs in, pushes and pulls", async () => {
    await session.as(ROBOT, async ({ push, pull }) => {
      await push(`team/robot-${title}:1.0.0`, "first");
      await pull(`team/robot-${title}:1.0.0`);
      await expect(push(`secret/robot-${title}:1.0.0`, "first")).rejects.toThrow(messages.denied);
    });
  });
}

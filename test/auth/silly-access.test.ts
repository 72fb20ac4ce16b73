import { describe, expect, it } from "vitest";
import { ACTIONS } from "../../src/auth/action.ts";
import { createSillyAccess } from "../../src/auth/silly-access.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { identifyBy } from "./outside-parties.ts";

const NAME = parseRepositoryName("a");
const access = createSillyAccess({ kind: "silly", realm: "silly-realm", service: "silly" });

describe("createSillyAccess", () => {
  it.each(["Bearer x", "Basic x", "anything"])(
    "takes %j, but not as an administrator",
    async (shown) => {
      const caller = await identifyBy(access, shown);
      expect(caller).toMatchObject({
        name: "silly",
        mayList: true,
        isAdmin: false,
        lack: "denied",
      });
      expect(ACTIONS.filter((action) => !caller.may(action, NAME))).toEqual(["admin"]);
    },
  );

  it.each([undefined, ""])("gives nothing to who shows %j", async (shown) => {
    const caller = await identifyBy(access, shown);
    expect(caller).toMatchObject({ name: "", mayList: false, isAdmin: false, lack: "challenge" });
    expect(ACTIONS.filter((action) => caller.may(action, NAME))).toEqual([]);
  });

  it("challenges for a token", () => {
    const needed = [{ kind: "repository", repository: NAME, actions: ["pull"] }] as const;
    expect(access.challenge({ origin: "http://localhost", needed, error: "invalid_token" })).toBe(
      'Bearer realm="silly-realm",service="silly",scope="repository:a:pull"',
    );
  });
});

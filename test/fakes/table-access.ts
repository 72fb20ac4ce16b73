import type { Access, Caller, ChallengeOptions } from "../../src/auth/access.ts";
import type { Action } from "../../src/auth/action.ts";
import { bearerChallenge } from "../../src/auth/challenge.ts";
import { CredentialsRefused } from "../../src/auth/errors.ts";
import { ANONYMOUS } from "../../src/auth/identity.ts";

/** By repository, what somebody may do. */
export type Rights = Readonly<Record<string, readonly Action[]>>;

/** Everybody is whom their `Authorization: Test NAME` says, and may do what the table says; `""` is who shows none. */
export class TableAccess implements Access {
  readonly challenges: ChallengeOptions[] = [];
  /** Who has been taken back what they proved. */
  readonly gone = new Set<string>();
  readonly #table: Readonly<Record<string, Rights>>;
  readonly #lack: Caller["lack"];

  constructor(
    table: Readonly<Record<string, Rights>>,
    { lack = "denied" }: Partial<Pick<Caller, "lack">> = {},
  ) {
    this.#table = table;
    this.#lack = lack;
  }

  identify({ authorization }: { readonly authorization: string | undefined }): Caller {
    const name = authorization?.replace(/^Test /, "") ?? "";
    const rights = this.#table[name];
    if (rights === undefined && name !== "") {
      throw new CredentialsRefused("not in the table", { isToken: true });
    }
    const isAnonymous = name === "";
    return {
      identity: isAnonymous ? ANONYMOUS : { kind: "user", name, groups: [] },
      name,
      may: (action, repository) => rights?.[repository]?.includes(action) === true,
      mayList: Object.values(rights ?? {}).some((actions) => actions.includes("pull")),
      maySeeBelow: (folder) =>
        Object.keys(rights ?? {}).some((repository) => repository.startsWith(folder)),
      seesAll: false,
      isAdmin: false,
      lack: isAnonymous ? "challenge" : this.#lack,
      holds: () => !this.gone.has(name),
    };
  }

  challenge(options: ChallengeOptions): string {
    this.challenges.push(options);
    const { needed, error, origin } = options;
    return bearerChallenge({ realm: `${origin}/auth/token`, service: "test", needed, error });
  }
}

/**
 * Who there is, what each may do where, and what that means for an answer. It is all that the matrix believes:
 * nothing here comes from the product.
 */

type Right = "pull" | "push" | "overwrite" | "delete" | "promote" | "admin";

/** The first part of names of repositories; each has one that exists and any number that do not. */
export const NAMESPACES = ["public", "inside", "myteam", "secret", "others", "intake"] as const;
export type Namespace = (typeof NAMESPACES)[number];

type Rights = Readonly<Partial<Record<Namespace, string>>>;

/** `kind` says how they log in. */
export interface Actor {
  readonly kind: "user" | "robot" | "own robot" | "job" | "certificate" | "nobody";
  readonly rights: Rights;
}

const ALL = "pull push overwrite delete promote admin";
const ALL_BUT_ADMIN = "pull push overwrite delete promote";
const EVERYWHERE: Rights = Object.fromEntries(NAMESPACES.map((namespace) => [namespace, ALL]));

/** What anybody may do, and what every user may do; both are added to what stands below. */
const EVERYBODY: Rights = { public: "pull", intake: "push" };
const KNOWN: Rights = { inside: "pull" };

export const ACTORS = {
  anonymous: { kind: "nobody", rights: {} },
  nothing: { kind: "user", rights: {} },
  puller: { kind: "user", rights: { myteam: "pull" } },
  creator: { kind: "user", rights: { myteam: "pull push" } },
  maintainer: { kind: "user", rights: { myteam: ALL_BUT_ADMIN } },
  deleter: { kind: "user", rights: { myteam: "pull delete" } },
  eraser: { kind: "user", rights: { myteam: "delete" } },
  dropper: { kind: "user", rights: { myteam: "push" } },
  mover: { kind: "user", rights: { myteam: "overwrite" } },
  refresher: { kind: "user", rights: { myteam: "push overwrite" } },
  warden: { kind: "user", rights: { myteam: "promote admin", secret: "admin" } },
  tenant: { kind: "user", rights: { others: ALL_BUT_ADMIN } },
  member: { kind: "user", rights: { myteam: "pull push", others: "pull" } },
  admin: { kind: "user", rights: EVERYWHERE },
  "robot+ci": { kind: "own robot", rights: { myteam: "pull push", others: "delete" } },
  "robot+build": { kind: "robot", rights: { myteam: "pull push overwrite" } },
  job: { kind: "job", rights: { myteam: "pull push overwrite" } },
  "stranger's job": { kind: "job", rights: {} },
  carol: { kind: "certificate", rights: { myteam: "pull push" } },
} as const satisfies Record<string, Actor>;

export type ActorName = keyof typeof ACTORS;

/** Does what the matrix needs to be there, and is not part of it. */
export const OWNER = "owner";
export const PASSWORD_OF = (name: string): string => `the password of ${name}`;
export const GROUP = "dev";
export const BUILD_SECRET = "the secret of the robot build";

/** The sections of the config that say the same. */
export function rulesOf(): readonly object[] {
  const rule = (subject: object, rights: Rights): readonly object[] =>
    Object.entries(rights).map(([namespace, actions]) => ({
      ...subject,
      repositories: [`${namespace}/**`],
      actions: actions.split(" "),
    }));
  return [
    ...rule({ subject: "anonymous" }, EVERYBODY),
    ...rule({ subject: "authenticated" }, KNOWN),
    { subject: "user:owner", repositories: "**", actions: ["all"] },
    { subject: "user:admin", repositories: "**", actions: ["admin"] },
    ...(Object.keys(ACTORS) as ActorName[]).flatMap((name) => {
      const subject = subjectOf(name);
      return subject === undefined ? [] : rule(subject, ACTORS[name].rights);
    }),
  ];
}

/** `undefined`: nothing in the rules names them. */
function subjectOf(name: ActorName): object | undefined {
  const { kind } = ACTORS[name];
  if (kind === "nobody" || kind === "own robot") return undefined;
  if (name === "member") return { subject: `group:${GROUP}` };
  if (kind === "job") {
    return name === "job"
      ? { subject: "claims:ci", claims: { repository_owner: "org" } }
      : undefined;
  }
  return { subject: kind === "robot" ? "robot:build" : `user:${name}` };
}

/** Whether the rules and their own rights let them. */
function may(name: ActorName, right: Right, namespace: Namespace): boolean {
  const { kind } = ACTORS[name];
  const isUser = kind === "user" || kind === "certificate";
  return [EVERYBODY, isUser ? KNOWN : {}, ACTORS[name].rights].some(
    (rights: Rights) => rights[namespace]?.split(" ").includes(right) === true,
  );
}

/** How somebody says who they are. `undefined` as actor: what they show is no good. */
export interface Credential {
  readonly title: string;
  readonly actor: ActorName | undefined;
  /** Whether a token is got for it, which is a credential of its own. */
  readonly isFirst: boolean;
  /** The header; `undefined` when nothing is sent. */
  readonly authorization: string | undefined;
}

export const UNAUTHORIZED = "401 UNAUTHORIZED";
export const DENIED = "403 DENIED";

/** How a refusal reads: the anonymous are asked who they are, others get to see nothing. */
export function refusal({ actor }: Credential, unknown: string): string {
  return actor === undefined || actor === "anonymous" ? UNAUTHORIZED : unknown;
}

export type Asks = (right: Right, namespace?: Namespace) => boolean;

/** What one may do in the namespace of a request; nothing, when nobody knows who it is. */
export function asksOf({ actor }: Credential, own: Namespace): Asks {
  return (right, namespace = own) => actor !== undefined && may(actor, right, namespace);
}

/** Who somebody is, once it has been proved. What they may do is for the rules to say. */
export type Identity = AnonymousIdentity | UserIdentity | RobotIdentity | WorkloadIdentity;

export interface AnonymousIdentity {
  readonly kind: "anonymous";
}

export interface UserIdentity {
  readonly kind: "user";
  readonly name: string;
  /** That a client certificate names; those of the config are the rules' to know. */
  readonly groups: readonly string[];
}

export interface RobotIdentity {
  readonly kind: "robot";
  /** Without the prefix that it logs in with. */
  readonly name: string;
}

/** A job that another system vouches for. */
export interface WorkloadIdentity {
  readonly kind: "workload";
  /** The name that the config gives the issuer. */
  readonly issuer: string;
  /** The claim `sub`. */
  readonly subject: string;
  /** Of the verified token: those that some rule or group setting looks at. Values are JSON. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** As rules name them: `ISSUER:GROUP`. */
  readonly groups: readonly string[];
}

export const ANONYMOUS: AnonymousIdentity = { kind: "anonymous" };

/** What stands before a robot's name where it logs in: no user may be called so. */
export const ROBOT_PREFIX = "robot+";

/** For logs, events, the audit log and the history of tags; empty for the anonymous. */
export function displayName(identity: Identity): string {
  switch (identity.kind) {
    case "anonymous":
      return "";
    case "user":
      return identity.name;
    case "robot":
      return `${ROBOT_PREFIX}${identity.name}`;
    case "workload":
      return `${identity.issuer}:${identity.subject}`;
  }
}

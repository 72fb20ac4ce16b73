/** Robots: told, made and revoked; and the first administrator, who is one. */
import type { NewRobot } from "../auth/robots/robot-records.ts";
import type { Robot, RobotRight } from "../auth/robots.ts";
import { displayName } from "../auth/identity.ts";
import type { AuditAction } from "../observability/audit-entry.ts";
import type { ApiDeps } from "./api-deps.ts";
import { actorOf, type AuditTrail } from "./audit-trail.ts";
import { InputInvalid, NothingThere } from "./errors.ts";
import { type Asked, NOTHING, operation, type Operation } from "./operation.ts";
import { MADE_ROBOT, NEW_ADMIN, NEW_ROBOT, ROBOTS } from "./schemas.ts";

interface Deps extends Pick<ApiDeps, "clock" | "robots" | "stopping"> {
  readonly trail: AuditTrail;
}

const ADMIN_RIGHTS: readonly RobotRight[] = [{ repositories: ["**"], actions: ["admin"] }];

export function robotOperations(deps: Deps): readonly Operation[] {
  return [...directory(deps), ...makers(deps)];
}

function directory({ robots, trail, stopping: signal }: Deps): readonly Operation[] {
  return [
    operation(
      { id: "listRobots", method: "get", path: "/robots", who: "admin" },
      {
        summary: "All robots, expired ones and those of the config as well.",
        query: NOTHING,
        body: NOTHING,
        answer: { status: 200, schema: ROBOTS },
        work: async ({ request }) => {
          const all = await robots.list({ signal: request.signal });
          return { robots: all.map((robot) => toldRobot(robot)) };
        },
      },
    ),
    operation(
      { id: "revokeRobot", method: "delete", path: "/robots/{name}", who: "admin" },
      {
        summary: "Revokes a robot, and with it all of its tokens.",
        query: NOTHING,
        body: NOTHING,
        answer: { status: 204 },
        work: (asked) => {
          const what = { action: "robot-revoke", reference: asked.name } as const;
          return trail.change(asked, what, async () => {
            if (await robots.revoke(asked.name, { signal })) return;
            throw new NothingThere("there is no such robot", "NAME_UNKNOWN");
          });
        },
      },
    ),
  ];
}

function makers(deps: Deps): readonly Operation[] {
  return [
    operation(
      { id: "createRobot", method: "post", path: "/robots", who: "admin" },
      {
        summary: "Makes a robot, and tells its secret this once.",
        query: NOTHING,
        body: NEW_ROBOT,
        answer: { status: 201, schema: MADE_ROBOT },
        work: (asked) => {
          const { name, rights, expiresAt } = asked.body;
          if (expiresAt !== undefined && expiresAt <= deps.clock.now()) {
            throw new InputInvalid("expiresAt has passed");
          }
          return makeRobot(deps, asked, { action: "robot-create", name, rights, expiresAt });
        },
      },
    ),
    operation(
      { id: "createAdmin", method: "post", path: "/auth/admins", who: "local" },
      {
        summary: "Makes a robot that may administer. Only by the socket in the state directory.",
        query: NOTHING,
        body: NEW_ADMIN,
        isBodyOptional: true,
        answer: { status: 201, schema: MADE_ROBOT },
        work: (asked) => {
          const { name } = asked.body;
          const admin = { name, rights: ADMIN_RIGHTS, expiresAt: undefined };
          return makeRobot(deps, asked, { action: "admin-init", ...admin });
        },
      },
    ),
  ];
}

async function makeRobot(
  { robots, trail, stopping: signal }: Deps,
  asked: Asked,
  { action, ...robot }: Omit<NewRobot, "createdBy"> & { readonly action: AuditAction },
): Promise<unknown> {
  return await trail.change(asked, { action, reference: robot.name }, async () => {
    const created = { ...robot, createdBy: actorOf(asked) };
    const { robot: made, secret } = await robots.create(created, { signal });
    return toldRobot(made, { secret });
  });
}

/** Without the fingerprint, which is for tokens. */
function toldRobot(
  { name, rights, createdAt, createdBy, expiresAt, lastUsedAt }: Robot,
  more: { readonly secret?: string } = {},
): unknown {
  return {
    name,
    username: displayName({ kind: "robot", name }),
    rights,
    createdAt,
    createdBy,
    expiresAt: expiresAt ?? null,
    lastUsedAt: lastUsedAt ?? null,
    ...more,
  };
}

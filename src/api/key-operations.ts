/** The keys that sign tokens. */
import type { ApiDeps } from "./api-deps.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { NothingThere } from "./errors.ts";
import { NOTHING, operation, type Operation } from "./operation.ts";
import { ROTATE, ROTATED } from "./schemas.ts";

interface Deps extends Pick<ApiDeps, "keys"> {
  readonly trail: AuditTrail;
}

export function keyOperations({ keys, trail }: Deps): readonly Operation[] {
  return [
    operation(
      { id: "rotateKeys", method: "post", path: "/auth/keys/rotate", who: "admin" },
      {
        summary: "Makes a new key to sign tokens; those of the old one are taken until they end.",
        query: NOTHING,
        body: ROTATE,
        isBodyOptional: true,
        answer: { status: 200, schema: ROTATED },
        work: (asked) => {
          if (keys === undefined) throw new NothingThere("this server signs no tokens of its own");
          const reference = asked.body.revoke ? "revoke" : undefined;
          return trail.change(asked, { action: "key-rotate", reference }, () =>
            keys.rotate({ revoke: asked.body.revoke }),
          );
        },
      },
    ),
  ];
}

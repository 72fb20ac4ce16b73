/** Who answers besides the registry, on its port and on the socket of its owner. */
import type { Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import { once } from "../lib/once.ts";
import { type AdministrationParts, createAdministration, OPERATOR } from "./administration.ts";
import { type Beside, createAnswer, createBeside, type Neighbour } from "./beside.ts";
import type { RegistryInside } from "./registry-inside.ts";

export interface Neighbours {
  /** On the registry's port. */
  readonly beside: Beside;
  /** On the socket in the state directory. */
  readonly local: ReturnType<typeof createAnswer>;
}

export function createNeighbours(
  config: Config,
  parts: AdministrationParts,
): (inside: RegistryInside) => Neighbours {
  return (inside) => {
    const { access, openApi: open } = createAdministration(config, parts, inside);
    const { prefix } = config.http;
    const api: Neighbour = {
      paths: ["api/v1/"],
      open,
      identify: (exchange) => access.identify(exchange),
    };
    return {
      beside: createBeside([api, ...tokens(parts, prefix)], prefix),
      local: withPrefix(
        prefix,
        createAnswer({ open, identify: () => OPERATOR }, { isLocal: true }),
      ),
    };
  };
}

/** Whoever asks over the socket need not know below which path the registry stands for others. */
function withPrefix(prefix: string, answer: Neighbours["local"]): Neighbours["local"] {
  return (exchange) => {
    const { incoming } = exchange;
    const { url = "/" } = incoming;
    if (!url.startsWith(prefix)) incoming.url = `${prefix.slice(0, -1)}${url}`;
    return answer(exchange);
  };
}

function tokens(
  { own, log, access, audit }: AdministrationParts,
  prefix: string,
): readonly Neighbour[] {
  if (own === undefined) return [];
  return [
    {
      paths: ["auth/token", ".well-known/jwks.json"],
      open: once(async () => {
        const [{ tokenRoutes }, { AuditTrail }] = await Promise.all([
          import("../api/token-endpoint.ts"),
          import("../api/audit-trail.ts"),
        ]);
        const trail = new AuditTrail({ audit, clock: systemClock });
        return tokenRoutes({ tokens: own.tokens, log, prefix, trail });
      }),
      identify: (exchange) => access.identify(exchange),
    },
  ];
}

/** Who answers besides the registry, on its port and on the socket of its owner. */
import type { Config } from "../config/config.ts";
import { Administration, type AdministrationParts, OPERATOR } from "./administration.ts";
import { type Beside, createAnswer, createBeside, type Neighbour } from "./beside.ts";
import type { RegistryInside } from "./registry-app.ts";

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
  const administration = new Administration(config, parts);
  return (inside) => {
    const api: Neighbour = {
      paths: ["api/v1/"],
      open: () => administration.api(inside),
      identify: (exchange) => administration.access.identify(exchange),
    };
    const { prefix } = config.http;
    return {
      beside: createBeside([api, ...tokens(parts, prefix)], prefix),
      local: createAnswer({ ...api, identify: () => OPERATOR }, { isLocal: true }),
    };
  };
}

function tokens({ own, log, access }: AdministrationParts, prefix: string): readonly Neighbour[] {
  if (own === undefined) return [];
  return [
    {
      paths: ["auth/token", ".well-known/jwks.json"],
      open: async () => {
        const { tokenRoutes } = await import("../api/token-endpoint.ts");
        return tokenRoutes({ tokens: own.tokens, log, prefix });
      },
      identify: (exchange) => access.identify(exchange),
    },
  ];
}

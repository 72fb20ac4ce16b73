/** Who answers besides the registry, put together. */
import type { Logger } from "../observability/logger.ts";
import type { OpenedAccess } from "./access.ts";
import type { Neighbour } from "./beside.ts";

export interface NeighbourParts {
  readonly own: OpenedAccess["own"];
  readonly log: Logger;
}

export function createNeighbours({ own, log }: NeighbourParts): readonly Neighbour[] {
  return own === undefined ? [] : [tokens(own, log)];
}

function tokens({ tokens: service }: NonNullable<OpenedAccess["own"]>, log: Logger): Neighbour {
  return {
    paths: ["auth/token", ".well-known/jwks.json"],
    open: async () => {
      const { tokenRoutes } = await import("../api/token-endpoint.ts");
      return tokenRoutes({ tokens: service, log });
    },
  };
}

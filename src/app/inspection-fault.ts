import { errorText } from "../lib/error-text.ts";

/** This program has gone wrong, and not the layer that it looked at. */
export class InspectionFault extends Error {
  readonly kind = "Fault";

  /**
   * @param name of the layer
   * @param text what went wrong
   */
  constructor(name: string, text: string, options?: ErrorOptions) {
    const what = "with the layer, the flags and what `barge version` prints";
    super(`${name}: this is a fault of barge: ${text}; please report it, ${what}`, options);
  }
}

/**
 * @param name of the layer
 * @returns errors that tell of themselves (of a `kind`, or of the system) as they are, any other as a fault.
 */
export function asFault(error: unknown, name: string): unknown {
  if (!(error instanceof Error)) return new InspectionFault(name, String(error));
  if ("kind" in error || "code" in error) return error;
  const place = /^\s+at (.+)$/m.exec(error.stack ?? "")?.[1];
  const where = place === undefined ? "" : ` at ${place}`;
  return new InspectionFault(name, `${error.name}: ${errorText(error)}${where}`, { cause: error });
}

/** The query string: never the body, whatever its content type (the reference reads both). */
import { BadRequest } from "./errors.ts";
import type { ErrorCode } from "../oci/error-code.ts";

export class Query {
  readonly #parameters: URLSearchParams;

  constructor(text: string) {
    this.#parameters = new URLSearchParams(text);
  }

  /**
   * A parameter that has one value. An empty one counts as absent.
   * @throws {BadRequest} with `code` when it is there more than once: two readers could take two values.
   */
  one(name: string, code: ErrorCode): string | undefined {
    const [value, ...others] = this.#parameters.getAll(name);
    if (others.length > 0) throw new BadRequest(code, `the parameter ${name} is there twice`);
    return value === "" ? undefined : value;
  }

  all(name: string): readonly string[] {
    return this.#parameters.getAll(name);
  }
}

import { errorText } from "../lib/error-text.ts";
import type { LogFields } from "../observability/log-fields.ts";
import type { Logger } from "../observability/logger.ts";

/** Keeps what parts of the server complain of, for a verb that prints it in its own way. */
export class CollectedLog implements Logger {
  readonly #lines: { readonly message: string; readonly reason: string | undefined }[] = [];

  /** The sentences. */
  get complaints(): readonly string[] {
    return this.#lines.map(({ message, reason }) =>
      reason === undefined ? message : `${message}: ${reason}`,
    );
  }

  /** The errors that came with them, as text. */
  get reasons(): readonly string[] {
    return this.#lines.map(({ reason }) => reason).filter((reason) => reason !== undefined);
  }

  debug(): void {}

  info(): void {}

  warn(message: string, fields?: LogFields): void {
    const error = fields?.["error"];
    this.#lines.push({ message, reason: error === undefined ? undefined : errorText(error) });
  }

  error(message: string, fields?: LogFields): void {
    this.warn(message, fields);
  }

  isEnabled(): boolean {
    return true;
  }

  child(): CollectedLog {
    return this;
  }
}

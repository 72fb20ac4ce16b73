import type { Logger } from "../../observability/logger.ts";

const nothing = (): void => undefined;

/** For who tells in another way what it finds. */
export const SILENT_LOG: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  isEnabled: () => false,
  child: () => SILENT_LOG,
};

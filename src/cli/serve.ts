/** `barge serve`: starts the registry and stops it at SIGTERM or SIGINT. */
import { serve } from "../app/serve.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import type { Io } from "./io.ts";

export interface ServeArguments {
  /** `undefined`: the file that is found, else the built-in defaults. */
  readonly config: string | undefined;
}

/** A second signal does not wait for what still runs. */
export async function run(args: ServeArguments, io: Io): Promise<number> {
  const { environment } = io;
  const path = await locateConfig({ argument: args.config, environment });
  const { config, text, notes, warnings } = await loadConfig({ path, environment });
  using stop = stopOnSignals();
  await serve({
    config,
    text,
    notes,
    warnings,
    stop: stop.signal,
    onListening: (address) => io.stdout(config.source === undefined ? firstScreen(address) : ""),
  });
  return 0;
}

function stopOnSignals(): { readonly signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      for (const name of ["SIGTERM", "SIGINT"] as const) process.off(name, onSignal);
    },
  };
}

function firstScreen(address: string): string {
  const host = address.replace(/^https?:\/\//, "");
  return `Barge listens on ${address}. It is open: anyone on this machine may push, pull and delete.
Images are kept in ./data. Without a config file it takes no connections from other machines.

A first push, with any image you have:
  docker pull alpine
  docker tag alpine ${host}/alpine
  docker push ${host}/alpine
`;
}

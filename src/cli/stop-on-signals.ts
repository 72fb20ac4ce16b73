/** Aborts at SIGTERM or SIGINT. A second signal ends the process at once. Dispose when nothing is to be stopped. */
export function stopOnSignals(reason?: Error): { readonly signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(reason);
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      for (const name of ["SIGTERM", "SIGINT"] as const) process.off(name, onSignal);
    },
  };
}

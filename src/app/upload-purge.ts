export function startUploadPurge(..._: unknown[]): Disposable {
  return { [Symbol.dispose]: () => undefined };
}

/**
 * What is used here of the compiler. Its own declarations would add AssemblyScript's globals to every file,
 * so `tsconfig.json` leads to these.
 */
interface CompilerIo {
  readonly readFile: (file: string) => Promise<string | null>;
  readonly writeFile: (file: string, contents: string | Uint8Array) => void;
  readonly listFiles: () => readonly string[];
  readonly stderr: { readonly write: (text: string | Uint8Array) => void };
}

/** @returns what went wrong, or `null`. */
export function main(
  args: readonly string[],
  io: CompilerIo,
): Promise<{ readonly error: Error | null }>;

/** What a verb may touch of the world around the program. */
export interface Io {
  /** Data. The text is written as it is, without a newline added. */
  readonly stdout: (text: string) => void;
  /** Talk. */
  readonly stderr: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

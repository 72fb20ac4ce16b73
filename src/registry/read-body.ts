import { BodyTooLarge } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/**
 * A small body in memory. The limit holds while it arrives, whatever `Content-Length` says.
 * @throws {BodyTooLarge}
 */
export async function readBody(exchange: Exchange, maxBytes: number): Promise<Buffer> {
  if ((exchange.contentLength ?? 0) > maxBytes) throw new BodyTooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of exchange.body()) {
    chunks.push(Buffer.from(chunk)); // its memory is used again for the next one
    if (exchange.receivedBytes > maxBytes) throw new BodyTooLarge(maxBytes);
  }
  return Buffer.concat(chunks);
}

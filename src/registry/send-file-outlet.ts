/** The way of one answer's body to the client, as seen by a sender of files. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ClientGone } from "./client-gone.ts";
import type { Exchange } from "./exchange.ts";

/** Dispose it when the body is out or given up. */
export class Outlet implements Disposable {
  readonly isEncrypted: boolean;
  readonly #exchange: Exchange;
  readonly #connection: Socket;
  readonly #onClose = (): void => this.#fail(new ClientGone());
  #fail: (reason: Error) => void = () => undefined;
  #hasWritten = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    // The answer itself has no socket while another one on the same connection goes first.
    this.#connection = exchange.incoming.socket;
    this.isEncrypted = this.#connection instanceof TLSSocket;
    this.#connection.once("close", this.#onClose);
    exchange.outgoing.once("close", this.#onClose);
  }

  /**
   * Writes in the ordinary way, the head of the answer before the first bytes.
   * @returns once the kernel has them and everything before them: not while the client is slow, nor
   * before the answer's turn on its connection. `bytes` are free for other use then.
   * @throws {ClientGone}
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.throwIfGone();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    this.#exchange.sentBytes += bytes.byteLength;
    this.#exchange.outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
    await promise;
    this.#hasWritten = true;
  }

  /**
   * The socket itself, for bytes that go round node: say so by {@link wrote}. Good for this turn of
   * the event loop only. @returns `undefined` while bytes wait to be sent before, and where the
   * system has no such number.
   */
  directFd(): number | undefined {
    const { socket } = this.#exchange.outgoing;
    if (!this.#hasWritten || socket === null || this.isEncrypted) return undefined;
    if (!socket.writable || socket.writableLength > 0) return undefined;
    return descriptorOf(socket);
  }

  /** Counts bytes that went round node. */
  wrote(lengthBytes: number): void {
    this.#exchange.sentBytes += lengthBytes;
  }

  /** @throws {ClientGone} */
  throwIfGone(): void {
    if (this.#exchange.outgoing.destroyed || this.#connection.destroyed) throw new ClientGone();
  }

  [Symbol.dispose](): void {
    this.#connection.off("close", this.#onClose);
    this.#exchange.outgoing.off("close", this.#onClose);
  }
}

/** Node has no public name for it; where it has none at all, everything is written in the ordinary way. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null || !("fd" in handle)) return undefined;
  return typeof handle.fd === "number" && handle.fd >= 0 ? handle.fd : undefined;
}

import type { Message, Network, Recv, Send } from "@resonatehq/sdk";

/** A network that does something about the requests of another one, and leaves all else to it. */
export abstract class NetworkBetween implements Network {
  readonly unicast: string;
  readonly anycast: string;
  protected readonly inner: Network;

  constructor(inner: Network) {
    this.inner = inner;
    this.unicast = inner.unicast;
    this.anycast = inner.anycast;
  }

  // The SDK takes it off the object.
  abstract send: Send;

  match(target: string): string {
    return this.inner.match(target);
  }

  init(): Promise<void> {
    return this.inner.init();
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }

  recv: Recv = (callback: (message: Message) => void) => this.inner.recv(callback);
}

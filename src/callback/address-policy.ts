/**
 * Which addresses callbacks may go to. The requester of an approval chooses the URL, and the service can reach
 * more than the requester can: this machine, the network it is in, a cloud's metadata service. So a URL is judged when
 * it is accepted, and every address again when it is connected to.
 *
 * Judged is what `URL` made of the text, never the text: `0x7f.1`, `2130706433` and `①②⑦.⓪.⓪.①` are all 127.0.0.1.
 */
import { BlockList, isIP } from "node:net";

export interface CallbackTargets {
  /** Ports that may be called. */
  readonly ports: readonly number[];
  readonly allow: {
    /** `host:port` as `new URL` writes them: may be called wherever it leads, and by plain http too. */
    readonly hosts: readonly string[];
    /** Inside networks whose addresses may be called. */
    readonly networks: readonly { readonly address: string; readonly prefix: number }[];
  };
}

export interface AddressPolicy {
  /** What must be different about this URL, as far as can be told without asking DNS; undefined if nothing. */
  problem(url: string): string | undefined;
  /** Whether a URL without problem may be connected to at this address. */
  permits(url: URL, address: string): boolean;
}

export function createAddressPolicy({ ports, allow }: CallbackTargets): AddressPolicy {
  const hosts = new Set(allow.hosts);
  const inside = new BlockList();
  for (const { address, prefix } of allow.networks) inside.addSubnet(address, prefix, familyOf(address));

  const isNamed = (url: URL) => hosts.has(hostAndPort(url));
  const isOpen = (address: string) => contains(inside, address) || isPublic(address);

  return {
    problem(text) {
      const url = URL.parse(text);
      if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
        return "must be an https URL, such as https://example.com/hooks";
      }
      if (url.username !== "" || url.password !== "") return "must not hold a user or a password";
      if (isNamed(url)) return undefined;
      if (url.protocol !== "https:") return "must begin with https://";
      if (!ports.includes(portOf(url))) return `must have the port ${ports.join(" or ")}`;
      const host = bareHost(url);
      if (host.split(".").includes("")) return "must name a host such as example.com, without empty parts";
      const isAllowed = isIP(host) === 0 ? allow.networks.length > 0 || !isInsideName(host) : isOpen(host);
      return isAllowed ? undefined : "must not lead to this machine or into an internal network";
    },
    permits: (url, address) => isNamed(url) || isOpen(address),
  };
}

/** `host:port`, with brackets around IPv6 addresses and without a dot at the end. */
function hostAndPort(url: URL): string {
  return `${url.hostname.replace(/\.$/u, "")}:${portOf(url)}`;
}

/** Host without brackets and without the dot at its end. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/u, "$1").replace(/\.$/u, "");
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

/** Names that only inside networks give a meaning to, and names without a dot, which DNS completes with one of ours. */
function isInsideName(host: string): boolean {
  return (
    !host.includes(".") || /\.(?:localhost|local|internal|intranet|lan|localdomain|home\.arpa)$/u.test(host)
  );
}

/** An address with a zone (`fe80::1%eth0`) belongs to one of this machine's own links. */
function isPublic(address: string): boolean {
  return !address.includes("%") && contains(unicast(), address) && !contains(special(), address);
}

function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address.split("%", 1)[0] ?? "", familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/**
 * All that is routed on the public internet at most. `BlockList` judges an IPv4-mapped address (`::ffff:a.b.c.d`) as the
 * IPv4 address that it is; every other form that carries one (IPv4-compatible, IPv4-translated, NAT64) is outside.
 */
const unicast = blockList([
  ["0.0.0.0", 0],
  // RFC 4291 §2.4 with IANA's registry: nothing else is assigned as global unicast.
  ["2000::", 3],
]);

/**
 * What is not the public internet within it: every entry of IANA's special-purpose address registries (RFC 6890), also
 * those that are reachable from everywhere, since none of them serves anybody's callbacks. Entries within others are
 * left out. `test/unit/callback/iana.test.ts` reads the registries themselves.
 */
const special = blockList([
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Link-local: also the address at which most clouds serve credentials.
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  // Multicast: a registry of its own (RFC 5771).
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  // In no registry: on Azure, this public address leads to the machine's own host, which serves its configuration.
  ["168.63.129.16", 32],
  // Protocol assignments: Teredo, which carries an IPv4 address, benchmarking, ORCHID, anycast.
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4, which carries an IPv4 address.
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
]);

/** Made when the first address is judged: a start does without. */
function blockList(ranges: readonly (readonly [address: string, prefix: number])[]): () => BlockList {
  let made: BlockList | undefined;
  return () => {
    if (made !== undefined) return made;
    made = new BlockList();
    for (const [address, prefix] of ranges) made.addSubnet(address, prefix, familyOf(address));
    return made;
  };
}

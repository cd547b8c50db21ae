/**
 * The network inside a home: a bridge in its gateway, on which its hosts hang. They hear each
 * other's broadcasts and multicasts.
 * @module
 */
import { ipLines, type Internet, type Room } from '../rooms/internet.ts';

/** `192.168.1.` and `2001:db8:64::`: a host's number follows, the gateway's is 1. */
interface Nets {
  readonly four?: string;
  readonly six?: string;
}

const GATEWAY = 1;
/** Fixed: else it becomes that of a host as hosts come and go, and all others look for it. */
const GATEWAY_MAC = '02:00:00:00:00:01';
const HOST_FIRST = 11;
/** Ends the range, as the address that all hear. */
const EVERYBODY = 255;

export class Lan {
  readonly #numbers = new Map<Room, number>();

  constructor(
    private readonly internet: Internet,
    readonly gateway: Room,
    private readonly nets: Nets,
  ) {
    const { four, six } = nets;
    ipLines(gateway.namespace, [
      `link add lan address ${GATEWAY_MAC} type bridge`,
      ...(four === undefined ? [] : [`addr add ${four}${GATEWAY}/24 dev lan`]),
      ...(six === undefined ? [] : [`addr add ${six}${GATEWAY}/64 dev lan nodad`]),
      'link set lan up',
    ]);
  }

  /** What hosts call the gateway (and all of them) in IPv4. */
  get own(): string[] {
    const { four } = this.nets;
    return four === undefined ? [] : [`${four}${GATEWAY}`, `${four}${EVERYBODY}`];
  }

  /** Gives a host that hangs nowhere a cable to this network, with a free address. */
  plug(room: Room, device = 'eth0'): void {
    const taken = new Set(this.#numbers.values());
    let number = HOST_FIRST;
    while (taken.has(number)) number++;
    this.#numbers.set(room, number);
    const port = `p${number}`;
    const { four, six } = this.nets;
    ipLines(this.gateway.namespace, [
      `link add ${port} type veth peer name ${device} netns ${room.namespace}`,
      `link set ${port} master lan up`,
    ]);
    const fourLines = [
      `addr add ${four}${number}/24 dev ${device}`,
      `route add default via ${four}${GATEWAY}`,
    ];
    const sixLines = [
      `addr add ${six}${number}/64 dev ${device} nodad`,
      `route add ::/0 via ${six}${GATEWAY} dev ${device}`,
    ];
    ipLines(room.namespace, [
      `link set ${device} up`,
      ...(four === undefined ? [] : fourLines),
      ...(six === undefined ? [] : sixLines),
    ]);
    const addresses = [four, six].filter((net) => net !== undefined);
    room.addresses = addresses.map((net) => `${net}${number}`);
  }

  /** Takes the cable away, and with it the addresses. */
  unplug(room: Room): void {
    const number = this.#numbers.get(room);
    if (number === undefined) return;
    this.#numbers.delete(room);
    ipLines(this.gateway.namespace, [`link del p${number}`]);
    room.addresses = [];
  }

  /** Another host. */
  host(name: string): Room {
    const room = this.internet.inside(name);
    this.plug(room);
    return room;
  }
}

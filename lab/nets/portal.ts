/**
 * A captive portal on the gateway of a home, as in hotels and trains. To who has not signed in, its
 * page answers in the name of every host at the ports of the web; nothing else leaves or comes in.
 *
 *   host 192.168.1.11 -- TCP 80, 443 to anybody --> gateway 192.168.1.1:8080, the page
 *                     -- anything else ----------->  dropped
 *
 * A sign-in that runs out takes no connection down: nobody is told, and nothing passes.
 * @module
 */
import { LineProcess } from '../dht/line-process.ts';
import { bundled } from '../rooms/bundled.ts';
import type { Room } from '../rooms/internet.ts';
import { nft, WEB_PORTS } from './rules.ts';

const PAGE = new URL('portal-page.ts', import.meta.url);
const PAGE_PORT = 8_080;

const ASKED_FOR = `tcp dport { ${WEB_PORTS.join(', ')} }`;
const RULES = `table ip portal {
  set admitted { type ipv4_addr; }
  chain answer {
    type nat hook prerouting priority dstnat - 10
    iifname "lan" ip saddr != @admitted ${ASKED_FOR} redirect to :${PAGE_PORT}
  }
  chain hold {
    type filter hook forward priority -10
    iifname "lan" ip saddr != @admitted drop
    iifname "wan" ip daddr != @admitted drop
  }
}
`;

export class Portal {
  private constructor(
    private readonly gateway: Room,
    private readonly page: LineProcess,
  ) {}

  /** @param gateway that of a home with IPv4. */
  static async on(gateway: Room): Promise<Portal> {
    const words = [bundled(PAGE), String(PAGE_PORT), 'http://192.168.1.1/'];
    const page = new LineProcess(gateway.spawn(process.execPath, words));
    await page.ready;
    nft(gateway, RULES);
    return new Portal(gateway, page);
  }

  signIn(room: Room): void {
    nft(this.gateway, `add ${admitted(room)}`);
  }

  /** The sign-in runs out. */
  signOut(room: Room): void {
    nft(this.gateway, `delete ${admitted(room)}`);
  }

  /** So many connections to others ended at the page. */
  async visits(): Promise<number> {
    return Number((await this.page.ask({}))['visits']);
  }
}

function admitted(room: Room): string {
  return `element ip portal admitted { ${room.address} }`;
}

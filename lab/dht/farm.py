#!/usr/bin/python3
"""N real libtorrent DHT nodes in one process, node i on 198.18.i.1:6881, told what to do by lines.

usage: farm.py N [six]  with N such addresses; /usr/bin/python3, python3-libtorrent
With `six` each is a node of the DHT of IPv6 too, node i on [2001:db8:dII::1]:6881.

Lines in (JSON), each answered by one line with the same "id":
  {"id": 1, "do": "put", "node": 3, "seed": HEX, "salt": HEX, "value": HEX}   next seq of its key
  {"id": 2, "do": "get", "node": 4, "key": HEX, "salt": HEX}
  {"id": 3, "do": "counts"}
The first line out is {"ready": seconds, "known": [fewest, most]}. The farm ends with its stdin.
"""
import hashlib
import json
import random
import select
import sys
import time

import libtorrent as lt
from nacl.signing import SigningKey

COUNT = int(sys.argv[1])
SIX = "six" in sys.argv[2:]
PORT = 6881
ANSWER_SECONDS = 30


def address(i):
    return f"198.18.{i}.1"


def address_six(i):
    return f"2001:db8:d{i:02}::1"


def settings(i):
    six = f",[{address_six(i)}]:{PORT}" if SIX else ""
    return {
        "listen_interfaces": f"{address(i)}:{PORT}{six}",
        "dht_bootstrap_nodes": f"{address(0)}:{PORT}",
        "enable_dht": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        # The lab's addresses lie close together, and tests come in bursts.
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False,
        "dht_upload_rate_limit": 1000000,
        "dht_block_ratelimit": 10000,
        # Half of the nodes refuse ids that break BEP 42.
        "dht_enforce_node_id": i % 2 == 1,
        "alert_mask": lt.alert.category_t.dht_notification
        | lt.alert.category_t.stats_notification
        | lt.alert.category_t.error_notification,
        "aio_threads": 1,
        "hashing_threads": 1,
    }


def say(line):
    print(json.dumps(line), flush=True)


def expanded(seed):
    """libtorrent wants the 64-byte expanded secret: SHA-512 of the seed, clamped."""
    secret = bytearray(hashlib.sha512(seed).digest())
    secret[0] &= 248
    secret[31] = (secret[31] & 63) | 64
    return bytes(secret)


class Farm:
    def __init__(self):
        self.started = time.time()
        self.nodes = []
        for i in range(COUNT):
            self.nodes.append(lt.session(settings(i)))
            if i == 0:
                time.sleep(0.2)
        # On learning its outside address a node takes a new id and the others forget the old one,
        # and nobody keeps bootstrap nodes: tell each node of some others, or tables stay empty.
        time.sleep(1)
        for i, node in enumerate(self.nodes):
            others = [j for j in range(COUNT) if j != i]
            for j in random.sample(others, min(10, COUNT - 1)):
                node.add_dht_node((address(j), PORT))
                if SIX:
                    node.add_dht_node((address_six(j), PORT))
        self.known = [0] * COUNT
        self.stored = [0] * COUNT
        self.ready = False
        self.next_stats = 0
        # Questions under way: (node, kind, key) -> [(id, deadline)]
        self.waiting = []

    def handle(self, request):
        node = self.nodes[request.get("node", 0)]
        if request["do"] == "put":
            seed = bytes.fromhex(request["seed"])
            public = bytes(SigningKey(seed).verify_key)
            salt = bytes.fromhex(request["salt"])
            value = bytes.fromhex(request["value"])
            node.dht_put_mutable_item(expanded(seed), public, value, salt)
            self.wait(request, "put", public)
        elif request["do"] == "get":
            public, salt = bytes.fromhex(request["key"]), bytes.fromhex(request["salt"])
            node.dht_get_mutable_item(public, salt)
            self.wait(request, "get", public)
        elif request["do"] == "counts":
            say({"id": request["id"], "known": self.known, "stored": self.stored})

    def wait(self, request, kind, public):
        deadline = time.time() + ANSWER_SECONDS
        self.waiting.append((request["id"], request["node"], kind, public, deadline))

    def settle(self, node, kind, public, answer):
        """The binding cannot tell a salt that is no UTF-8, so one key asks one thing at a time."""
        for entry in self.waiting:
            if entry[1:4] == (node, kind, public):
                self.waiting.remove(entry)
                say({"id": entry[0], **answer})
                return

    def on_alert(self, i, alert):
        if isinstance(alert, lt.session_stats_alert):
            self.known[i] = alert.values["dht.dht_nodes"]
            self.stored[i] = alert.values["dht.dht_mutable_data"]
        elif isinstance(alert, lt.dht_put_alert):
            answer = {"stored": alert.num_success, "seq": alert.seq}
            self.settle(i, "put", bytes(alert.public_key), answer)
        elif isinstance(alert, lt.dht_mutable_item_alert) and alert.authoritative:
            item = alert.item
            value = item.get("value")
            found = {"value": value.hex(), "seq": item["seq"]} if value else {}
            self.settle(i, "get", bytes(alert.key), found)

    def step(self):
        now = time.time()
        if now >= self.next_stats:
            self.next_stats = now + 0.5
            for node in self.nodes:
                node.post_session_stats()
        for i, node in enumerate(self.nodes):
            for alert in node.pop_alerts():
                self.on_alert(i, alert)
        for entry in [entry for entry in self.waiting if entry[4] < now]:
            self.waiting.remove(entry)
            say({"id": entry[0], "timeout": True})
        if not self.ready and min(self.known) >= (1 + SIX) * min(8, COUNT - 1):
            self.ready = True
            say({"ready": round(now - self.started, 1), "known": [min(self.known), max(self.known)]})

    def run(self):
        buffered = b""
        while True:
            readable, _, _ = select.select([sys.stdin.buffer], [], [], 0.02)
            if readable:
                chunk = sys.stdin.buffer.read1(65536)
                if not chunk:
                    return
                *lines, buffered = (buffered + chunk).split(b"\n")
                for line in lines:
                    self.handle(json.loads(line))
            self.step()


Farm().run()

#!/usr/bin/python3
"""One libtorrent DHT node that reads items, told what to do by lines.

usage: libtorrent-asker.py HOST BOOTSTRAP_HOST:PORT     /usr/bin/python3, python3-libtorrent

Lines in (JSON), each answered by one line with the same "id":
  {"id": 1, "key": HEX, "salt": HEX}    -> {"firstMs": N, "ms": N, "seq": N}
firstMs: until the first valid item was handed out; ms: until libtorrent says that its answer is
authoritative. The first line out is {"ready": true}, when it knows others. It ends with its stdin.
"""
import json
import queue
import sys
import threading
import time

import libtorrent as lt

HOST, BOOTSTRAP = sys.argv[1], sys.argv[2]
KNOWN_MIN = 16
READY_SECONDS = 60


def say(line):
    print(json.dumps(line), flush=True)


session = lt.session(
    {
        "listen_interfaces": f"{HOST}:6881",
        "dht_bootstrap_nodes": BOOTSTRAP,
        "enable_dht": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "dht_privacy_lookups": True,
        # It keeps nothing for others, as ours here: what one holds oneself is no lookup.
        "dht_read_only": True,
        # The lab's addresses lie close together.
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False,
        "dht_upload_rate_limit": 1000000,
        "dht_block_ratelimit": 10000,
        "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.stats_notification,
        "aio_threads": 1,
        "hashing_threads": 1,
    }
)


def alerts(seconds):
    session.wait_for_alert(int(seconds * 1000))
    return session.pop_alerts()


def wait_until_it_knows_others():
    host, port = BOOTSTRAP.split(":")
    end = time.monotonic() + READY_SECONDS
    session.add_dht_node((host, int(port)))
    while time.monotonic() < end:
        session.post_session_stats()
        for alert in alerts(0.5):
            if isinstance(alert, lt.session_stats_alert):
                if alert.values["dht.dht_nodes"] >= KNOWN_MIN:
                    return
        time.sleep(0.2)
    raise SystemExit("libtorrent-asker: too few nodes")


class Asker:
    def __init__(self):
        # Of a key that is being read: the id of the question, when it began, and what came.
        self.open = {}

    def get(self, ask):
        key, salt = bytes.fromhex(ask["key"]), bytes.fromhex(ask["salt"])
        self.open[key] = (ask["id"], time.perf_counter(), {})
        session.dht_get_mutable_item(key, salt)

    def take(self, alert):
        now = time.perf_counter()
        key = bytes(alert.key)
        if key not in self.open:
            return
        number, started, answer = self.open[key]
        ms = (now - started) * 1000
        item = item_of(alert)
        if item.get("value"):
            answer.setdefault("firstMs", ms)
            answer["seq"] = item["seq"]
        if alert.authoritative:
            del self.open[key]
            say({"id": number, **answer, "ms": ms})

    def run(self):
        """Alerts come from a thread of libtorrent's: they are waited for, questions are not."""
        lines = queue.SimpleQueue()
        threading.Thread(target=read_lines, args=(lines,), daemon=True).start()
        while True:
            while self.open or not lines.empty():
                if not lines.empty():
                    text = lines.get()
                    if text is None:
                        return
                    self.get(json.loads(text))
                for alert in alerts(0.005):
                    if isinstance(alert, lt.dht_mutable_item_alert):
                        self.take(alert)
            text = lines.get()
            if text is None:
                return
            self.get(json.loads(text))


def item_of(alert):
    """The binding throws where there is none."""
    try:
        return alert.item
    except RuntimeError:
        return {}


def read_lines(lines):
    for text in sys.stdin:
        lines.put(text)
    lines.put(None)


wait_until_it_knows_others()
say({"ready": True})
Asker().run()

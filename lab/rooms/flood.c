/*
 * flood: UDP packets at a steady rate, each from a source address and port of its own choosing.
 *
 *   usage: flood TO_ADDRESS TO_PORT PER_SECOND SECONDS [FILE]
 *   FILE holds payloads, each after its length in two bytes (big-endian); they are sent in turn.
 *   Without it payloads are junk: random bytes, and some that begin like what the port expects.
 *   prints the number of packets that the kernel took
 *   build: gcc -O2 -o flood flood.c       needs CAP_NET_RAW
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define PAYLOAD_MAX 1400
#define PACKET_MAX (28 + PAYLOAD_MAX)

static uint64_t chance = 88172645463325252ull;

static uint64_t next(void) {
  chance ^= chance << 13;
  chance ^= chance >> 7;
  chance ^= chance << 17;
  return chance;
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint8_t *file;
static long file_bytes, file_at;

static int payload(uint8_t *to) {
  if (file) {
    if (file_at + 2 > file_bytes) file_at = 0;
    int length = file[file_at] << 8 | file[file_at + 1];
    memcpy(to, file + file_at + 2, length);
    file_at += 2 + length;
    return length;
  }
  int length = 1 + next() % 1200;
  for (int i = 0; i < length; i += 8) {
    uint64_t word = next();
    memcpy(to + i, &word, 8);
  }
  switch (next() % 8) {
    case 0: memcpy(to, "d1:", length < 3 ? length : 3); break;          /* a message of the DHT */
    case 1: memcpy(to, "\xff\x01\x00\x00", length < 4 ? length : 4); break; /* a packet of UDX */
    case 2: {                                                             /* a whole DHT query */
      static const char ping[] = "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
      length = sizeof ping - 1;
      memcpy(to, ping, length);
    }
  }
  return length;
}

static uint16_t checksum(const void *bytes, int length) {
  const uint16_t *words = bytes;
  uint32_t sum = 0;
  for (; length > 1; length -= 2) sum += *words++;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

/* A source of the benchmarking range 198.18.0.0/15, whose answers lead nowhere. */
static int packet(uint8_t *to, uint32_t target, uint16_t port) {
  int length = payload(to + 28);
  struct iphdr *ip = (void *)to;
  struct udphdr *udp = (void *)(to + 20);
  memset(to, 0, 28);
  ip->version = 4;
  ip->ihl = 5;
  ip->ttl = 64;
  ip->protocol = IPPROTO_UDP;
  ip->tot_len = htons(28 + length);
  ip->saddr = htonl(0xc6120000 | (next() & 0x1ffff) | 0x100);
  ip->daddr = target;
  ip->check = checksum(ip, 20);
  udp->source = htons(1024 + next() % 60000);
  udp->dest = htons(port);
  udp->len = htons(8 + length);
  return 28 + length;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: flood TO_ADDRESS TO_PORT PER_SECOND SECONDS [FILE]\n");
    return 2;
  }
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (!inet_aton(argv[1], &to.sin_addr)) return 2;
  int port = atoi(argv[2]);
  double rate = atof(argv[3]), seconds = atof(argv[4]);
  if (argc > 5) {
    FILE *in = fopen(argv[5], "rb");
    if (!in) return 1;
    fseek(in, 0, SEEK_END);
    file_bytes = ftell(in);
    rewind(in);
    file = malloc(file_bytes);
    if (fread(file, 1, file_bytes, in) != (size_t)file_bytes) return 1;
    fclose(in);
  }
  int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (raw < 0) {
    perror("flood: socket");
    return 1;
  }
  int bytes = 4 << 20;
  setsockopt(raw, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  chance ^= (uint64_t)(now_s() * 1e9) << 1;
  static uint8_t packets[BATCH][PACKET_MAX];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  uint64_t sent = 0, taken = 0;
  double begun = now_s();
  for (;;) {
    double passed = now_s() - begun;
    if (passed >= seconds) break;
    int64_t due = (int64_t)(passed * rate) - (int64_t)sent;
    if (due < 1) {
      struct timespec rest = {0, 500000};
      nanosleep(&rest, NULL);
      continue;
    }
    int count = due < BATCH ? due : BATCH;
    for (int i = 0; i < count; i++) {
      parts[i].iov_base = packets[i];
      parts[i].iov_len = packet(packets[i], to.sin_addr.s_addr, port);
      messages[i].msg_hdr.msg_name = &to;
      messages[i].msg_hdr.msg_namelen = sizeof to;
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int done = sendmmsg(raw, messages, count, 0);
    sent += count;
    if (done > 0) taken += done;
  }
  printf("%llu\n", (unsigned long long)taken);
  return 0;
}

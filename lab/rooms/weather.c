/*
 * weather: delay and loss for the cables of the small internet, in user space, because not every
 * kernel has netem. The router's rule `-j NFQUEUE --queue-num 0` parks each packet in the kernel
 * and tells this program its number; the program says when the packet goes on, or that it is lost.
 * Packet bytes are never copied. All packets have one delay, so their order is kept.
 *
 *   usage: weather DELAY_MS LOSS_PERCENT      prints "ready" once packets are taken
 *   build: gcc -O2 -o weather weather.c -lnetfilter_queue -lmnl
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define QUEUE 0
#define WAITING_MAX 65536 /* packets parked at once */

struct parked {
  uint32_t id;
  uint64_t due_ns;
};

static struct parked waiting[WAITING_MAX];
static uint32_t head, tail;
static int netlink;
static uint64_t chance = 88172645463325252ull;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* xorshift64, uniform in [0, 100) */
static double percent(void) {
  chance ^= chance << 13;
  chance ^= chance >> 7;
  chance ^= chance << 17;
  return (chance >> 11) * (100.0 / 9007199254740992.0);
}

static void send_message(struct nlmsghdr *message) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(netlink, message, message->nlmsg_len, 0, (void *)&kernel, sizeof kernel) < 0)
    perror("weather: sendto");
}

/* NFQNL_MSG_VERDICT decides one packet, NFQNL_MSG_VERDICT_BATCH all up to this number. */
static void decide(int kind, uint32_t id, int verdict) {
  char buffer[256];
  struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = (NFNL_SUBSYS_QUEUE << 8) | kind;
  message->nlmsg_flags = NLM_F_REQUEST;
  struct nfgenmsg *family = mnl_nlmsg_put_extra_header(message, sizeof *family);
  family->nfgen_family = AF_UNSPEC;
  family->version = NFNETLINK_V0;
  family->res_id = htons(QUEUE);
  struct nfqnl_msg_verdict_hdr header = {.verdict = htonl(verdict), .id = htonl(id)};
  mnl_attr_put(message, NFQA_VERDICT_HDR, sizeof header, &header);
  send_message(message);
}

static void take_queue(void) {
  char buffer[512];
  struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, QUEUE);
  nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
  send_message(message);
  message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, QUEUE);
  nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_META, 0);
  nfq_nlmsg_cfg_put_qmaxlen(message, WAITING_MAX - 1);
  send_message(message);
}

static void park(const struct nlmsghdr *message, uint64_t delay_ns, double loss) {
  struct nlattr *attributes[NFQA_MAX + 1] = {0};
  if ((message->nlmsg_type & 0xff) != NFQNL_MSG_PACKET) return;
  if (nfq_nlmsg_parse(message, attributes) < 0 || !attributes[NFQA_PACKET_HDR]) return;
  struct nfqnl_msg_packet_hdr *packet = mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]);
  uint32_t id = ntohl(packet->packet_id);
  if ((loss > 0 && percent() < loss) || tail - head >= WAITING_MAX - 1) {
    decide(NFQNL_MSG_VERDICT, id, NF_DROP);
    return;
  }
  waiting[tail++ % WAITING_MAX] = (struct parked){id, now_ns() + delay_ns};
}

static void release_due(void) {
  uint64_t now = now_ns();
  uint32_t id = 0;
  int any = 0;
  while (head != tail && waiting[head % WAITING_MAX].due_ns <= now) {
    id = waiting[head++ % WAITING_MAX].id;
    any = 1;
  }
  if (any) decide(NFQNL_MSG_VERDICT_BATCH, id, NF_ACCEPT);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: weather DELAY_MS LOSS_PERCENT\n");
    return 2;
  }
  uint64_t delay_ns = (uint64_t)(atof(argv[1]) * 1e6);
  double loss = atof(argv[2]);
  chance ^= now_ns();
  prctl(PR_SET_TIMERSLACK, 1000);
  struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
  if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    perror("weather: netlink");
    return 1;
  }
  netlink = mnl_socket_get_fd(socket);
  int bytes = 16 << 20, one = 1;
  setsockopt(netlink, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  setsockopt(netlink, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  take_queue();
  printf("ready\n");
  fflush(stdout);
  static char buffer[65536];
  for (;;) {
    uint64_t now = now_ns();
    uint64_t due = head == tail ? 0 : waiting[head % WAITING_MAX].due_ns;
    uint64_t rest = due > now ? due - now : 0;
    struct timespec sleep = {rest / 1000000000ull, rest % 1000000000ull};
    struct pollfd ready = {netlink, POLLIN, 0};
    if (ppoll(&ready, 1, head == tail ? NULL : &sleep, NULL) < 0 && errno != EINTR) {
      perror("weather: ppoll");
      return 1;
    }
    for (;;) {
      int length = recv(netlink, buffer, sizeof buffer, MSG_DONTWAIT);
      if (length <= 0) break;
      struct nlmsghdr *message = (void *)buffer;
      for (; mnl_nlmsg_ok(message, length); message = mnl_nlmsg_next(message, &length))
        park(message, delay_ns, loss);
    }
    release_due();
  }
}

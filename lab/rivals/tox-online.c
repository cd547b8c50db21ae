/*
 * tox-online: how long two friends of toxcore take to see each other after one of them restarts.
 *
 *   usage: tox-online COUNT PORT
 *   prints {"ms": N} for each restart: from the start of the new instance, which knows its friend
 *   and its last nodes from its save, until both sides see the friend online.
 *
 * All of them live in this process, on loopback, without local discovery: the two friends, and
 * nodes that are the network (two alone never find each other). tox_iterate is called as often as
 * toxcore asks for it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tox/tox.h>

enum { NODES = 4, ONE = NODES, TWO, ALL };

static const double GIVE_UP_MS = 120000;
static const double SETTLE_MS = 3000;
static Tox *toxes[ALL];
static uint16_t first_port;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000.0 + t.tv_nsec / 1e6;
}

static void fail(const char *what) {
  fprintf(stderr, "tox-online: %s\n", what);
  exit(1);
}

/* Starts one, from its save if there is one, and lets it enter the network. */
static void start(int i, const uint8_t *save, size_t size) {
  struct Tox_Options *options = tox_options_new(NULL);
  tox_options_set_ipv6_enabled(options, false);
  tox_options_set_local_discovery_enabled(options, false);
  tox_options_set_start_port(options, first_port + i);
  tox_options_set_end_port(options, first_port + i);
  if (save != NULL) {
    tox_options_set_savedata_type(options, TOX_SAVEDATA_TYPE_TOX_SAVE);
    tox_options_set_savedata_data(options, save, size);
  }
  toxes[i] = tox_new(options, NULL);
  tox_options_free(options);
  if (toxes[i] == NULL) fail("no instance");
  for (int at = 0; at < NODES; at++) {
    if (at == i || toxes[at] == NULL) continue;
    uint8_t key[TOX_PUBLIC_KEY_SIZE];
    tox_self_get_dht_id(toxes[at], key);
    if (!tox_bootstrap(toxes[i], "127.0.0.1", first_port + at, key, NULL)) fail("bootstrap");
  }
}

static void befriend(int i, int other) {
  uint8_t key[TOX_PUBLIC_KEY_SIZE];
  tox_self_get_public_key(toxes[other], key);
  if (tox_friend_add_norequest(toxes[i], key, NULL) == UINT32_MAX) fail("friend");
}

static bool sees(int i) {
  return toxes[i] != NULL &&
         tox_friend_get_connection_status(toxes[i], 0, NULL) != TOX_CONNECTION_NONE;
}

static bool both(void) { return sees(ONE) && sees(TWO); }
static bool alone(void) { return !sees(ONE); }
static bool never(void) { return false; }

/* Lets everyone work until `done` holds; false where it does not in time. */
static bool run(bool (*done)(void), double ms) {
  double until_ms = now_ms() + ms;
  while (now_ms() < until_ms) {
    uint32_t pause_ms = 1000;
    for (int i = 0; i < ALL; i++) {
      if (toxes[i] == NULL) continue;
      tox_iterate(toxes[i], NULL);
      uint32_t wanted_ms = tox_iteration_interval(toxes[i]);
      if (wanted_ms < pause_ms) pause_ms = wanted_ms;
    }
    if (done()) return true;
    struct timespec pause = {0, pause_ms * 1000000L};
    nanosleep(&pause, NULL);
  }
  return false;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1;
  first_port = argc > 2 ? (uint16_t)atoi(argv[2]) : 33500;
  for (int i = 0; i < ALL; i++) start(i, NULL, 0);
  befriend(ONE, TWO);
  befriend(TWO, ONE);
  if (!run(both, GIVE_UP_MS)) fail("the friends never met");
  for (int i = 0; i < count; i++) {
    run(never, SETTLE_MS);
    size_t size = tox_get_savedata_size(toxes[TWO]);
    uint8_t *save = malloc(size);
    if (save == NULL) fail("memory");
    tox_get_savedata(toxes[TWO], save);
    tox_kill(toxes[TWO]);
    toxes[TWO] = NULL;
    /* As with ours: the one that stayed has noticed that the other is gone. */
    if (!run(alone, GIVE_UP_MS)) fail("the one that stayed noticed nothing");
    double started_ms = now_ms();
    start(TWO, save, size);
    if (!run(both, GIVE_UP_MS)) fail("not online in time");
    printf("{\"ms\": %.1f}\n", now_ms() - started_ms);
    fflush(stdout);
    free(save);
  }
  for (int i = 0; i < ALL; i++) tox_kill(toxes[i]);
  return 0;
}

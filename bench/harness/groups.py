# SPDX-License-Identifier: Apache-2.0
"""What is measured: one function a group. Each returns a Group: rows for the table and figures."""
import contextlib
import json
import os
import re
import shutil
import statistics
import time

from harness import (callgrind, million as very_many, servers, tls as with_tls, tools, uploads as upload,
                     websocket as sockets)
from harness.processes import TICKS, Failed, Refused, core_ticks, cpu_ticks, run

RUNS = 7
IDLE_CONNECTIONS = 19_000
WORKERS = 5
WAITING = 15_000
SUBSCRIBERS = 10_000
BROADCAST_SECONDS = 5
DISTURBED = 0.10  # a neighbour's share of the server's core, above which a timing means little


class Group:
    """One table. A server that is skipped or has failed has no row, but a reason."""

    def __init__(self, title, heads, note=""):
        self.title = title
        self.heads = heads
        self.note = note
        self.rows = []
        self.figures = {}
        self.skipped = {}
        self.failed = {}

    def add(self, name, figures, row):
        self.figures[name] = figures
        self.rows.append([name, *row])


def ratio(value, base):
    return f"{value / base:.2f}" if base else None


def running(bench, stack, group, what="hello"):
    """Starts every server that can be started; those that cannot are in the group's notes."""
    started = []
    for name in servers.NAMES:
        try:
            started.append(stack.enter_context(bench.server(name, what)))
        except servers.Missing as missing:
            group.skipped[name] = str(missing)
        except Failed as failed:
            group.failed[name] = str(failed)
    return started


def timed_run(server, load, bench, tool):
    """One second of load, with these options of the tool: what it cost the server."""
    before, all_before = cpu_ticks(server.process.pid), core_ticks(server.core)
    result = json.loads(run([tool, "-c", "64", *load, "-d", "1", str(server.port)],
                            bench.load_core))
    after, all_after = cpu_ticks(server.process.pid), core_ticks(server.core)
    user, system = after[0] - before[0], after[1] - before[1]
    total = max(all_after[0] - all_before[0], 1)
    share = (user + system) / total
    scale = 1e6 / TICKS / result["requests"]
    return {"cpu_us": (user + system) * scale, "user_us": user * scale,
            "requests_per_second": result["requests_per_second"], "p99_us": result["p99_us"],
            "share": share, "others": max((all_after[1] - all_before[1]) / total - share, 0)}


def alternate(started, load, bench, group, tool=None):
    """A warm-up and RUNS runs of each server, one after the other; the runs by name."""
    tool = tool or bench.build.tool("http_load")
    runs = {server.name: [] for server in started}
    for turn in range(RUNS + 1):
        for server in started:
            if server.name in group.failed:
                continue
            time.sleep(0.1)
            try:
                figures = timed_run(server, load, bench, tool)
            except Failed as failed:
                group.failed[server.name] = str(failed)
                continue
            if turn > 0:
                runs[server.name].append(figures)
    return {name: figures for name, figures in runs.items() if name not in group.failed}


def speed(bench, title, depth, aim):
    group = Group(title, ("server", "CPU us/request", "/ floor", "of it user", "requests/s",
                          "p99 us", "core %", "others %"),
                  f"gale's aim: {aim:.2f} of the floor's CPU. CPU: the least of {RUNS} alternating "
                  "one-second runs; the rest: medians.\n"
                  "  core %: the server's share of its core; under 97 the load client or a neighbour "
                  "set the requests/s.\n"
                  "  others %: what neighbours took of that core; distrust a row where it is large.")
    with contextlib.ExitStack() as stack:
        runs = alternate(running(bench, stack, group), ("-p", str(depth)), bench, group)
    least = {name: min(all_runs, key=lambda one: one["cpu_us"]) for name, all_runs in runs.items()}
    base = least["floor"]["cpu_us"] if "floor" in least else None
    disturbed = [name for name, best in least.items() if best["others"] > DISTURBED]
    if disturbed:
        group.note += (f"\n  DISTURBED: other programs used the server's core in the best run of "
                       f"{', '.join(disturbed)}.\n  These ratios are no result: repeat on a quiet "
                       "machine.")
    for name, best in least.items():
        rate, p99, share, others = (
            statistics.median(one[key] for one in runs[name])
            for key in ("requests_per_second", "p99_us", "share", "others"))
        group.add(name, {"cpu_us_per_request": round(best["cpu_us"], 4),
                         "ratio_to_floor": round(best["cpu_us"] / base, 4) if base else None,
                         "user_us_per_request": round(best["user_us"], 4),
                         "requests_per_second_median": round(rate), "p99_us_median": p99,
                         "disturbed": name in disturbed,
                         "core_share_median": round(share, 3),
                         "others_share_median": round(others, 3),
                         "cpu_us_of_each_run": [round(one["cpu_us"], 4) for one in runs[name]]},
                  [f"{best['cpu_us']:.3f}", ratio(best["cpu_us"], base), f"{best['user_us']:.3f}",
                   f"{rate:,.0f}", f"{p99:,.0f}", f"{100 * share:.0f}", f"{100 * others:.0f}"])
    return group


def hello(bench):
    return speed(bench, "hello: keep-alive, 64 connections", 1, 1.05)


def pipelined(bench):
    return speed(bench, "pipelined: 16 deep, 64 connections", 16, 1.30)


def form(bench):
    group = Group("form: a POST of a small urlencoded form, 64 connections",
                  ("server", "CPU us/request", "/ Tornado", "requests/s", "core %"),
                  f"CPU: the least of {RUNS} alternating one-second runs; the rest: medians.")
    load = ("-b", "name=Ada+Lovelace&guests=2")
    with contextlib.ExitStack() as stack:
        runs = alternate(running(bench, stack, group, "form"), load, bench, group)
    least = {name: min(one["cpu_us"] for one in all_runs) for name, all_runs in runs.items()}
    for name, best in least.items():
        rate, share = (statistics.median(one[key] for one in runs[name])
                       for key in ("requests_per_second", "share"))
        group.add(name, {"cpu_us_per_request": round(best, 4),
                         "requests_per_second_median": round(rate)},
                  [f"{best:.3f}", ratio(best, least.get("tornado")), f"{rate:,.0f}",
                   f"{100 * share:.0f}"])
    return group


def static(bench):
    """Files of two sizes, from gale and nginx."""
    group = Group("static: files of 1 KB and 1 MB, 64 connections",
                  ("server", "CPU us/request", "/ nginx", "requests/s", "of nginx's", "core %"),
                  "gale's aim: 0.8 of nginx's requests/s at 1 KB, 0.9 at 1 MB. CPU: the least of "
                  f"{RUNS} alternating one-second runs;\n  the rest: medians.")
    folder = os.path.join(bench.folder, "files")
    os.makedirs(folder, exist_ok=True)
    for name, size in (("1KB", 1000), ("1MB", 1_000_000)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(os.urandom(size))
    time.sleep(2.1)  # until then gale does not trust the file's times
    for name in ("1KB", "1MB"):
        with contextlib.ExitStack() as stack:
            started = [stack.enter_context(bench.server(server, "files"))
                       for server in ("gale", "nginx")]
            runs = alternate(started, ("-u", f"/files/{name}"), bench, group)
        least = {server: min(one["cpu_us"] for one in all_runs)
                 for server, all_runs in runs.items()}
        rates = {server: statistics.median(one["requests_per_second"] for one in all_runs)
                 for server, all_runs in runs.items()}
        for server, best in least.items():
            share = statistics.median(one["share"] for one in runs[server])
            group.add(f"{server} {name}",
                      {"cpu_us_per_request": round(best, 4),
                       "requests_per_second_median": round(rates[server])},
                      [f"{best:.3f}", ratio(best, least.get("nginx")), f"{rates[server]:,.0f}",
                       ratio(rates[server], rates.get("nginx")), f"{100 * share:.0f}"])
    return group


def tls(bench):
    """Requests and handshakes with TLS 1.3, and idle connections, from gale, nginx and h2o."""
    group = Group("tls: TLS 1.3, 64 keep-alive connections; whole handshakes (P-256); idle",
                  ("server", "CPU us/request", "/ nginx", "requests/s", "core %",
                   "CPU us/handshake", "/ nginx", "handshakes/s of a core", "idle bytes"),
                  "gale's aims: 0.88 of nginx's CPU per request; 8,192 bytes per idle connection. A "
                  "handshake comes with a\n  connection, one request, and the end. CPU: the least of "
                  f"{RUNS} alternating one-second runs; the rest: medians.")
    made = with_tls.make_certificate(bench.folder)
    if made is None:
        raise servers.Missing("the openssl command is not installed")
    tool = with_tls.load_tool(bench)
    with contextlib.ExitStack() as stack:
        found = {name: with_tls.server(name, bench, *made) for name in with_tls.NAMES}
        group.skipped.update({name: "not installed" for name in found if found[name] is None})
        started = [stack.enter_context(server) for server in found.values() if server]
        requests = alternate(started, (), bench, group, tool)
        handshakes = alternate(started, ("-H",), bench, group, tool)
        idle_bytes = {server.name: with_tls.idle(bench, server) for server in started}
    least = {name: [min(one["cpu_us"] for one in runs[name]) for runs in (requests, handshakes)]
             for name in handshakes}
    base = least.get("nginx", [None, None])
    for name, (request, handshake) in least.items():
        rate, share = (statistics.median(one[key] for one in requests[name])
                       for key in ("requests_per_second", "share"))
        group.add(name, {"cpu_us_per_request": round(request, 4),
                         "requests_per_second_median": round(rate),
                         "cpu_us_per_handshake": round(handshake, 2),
                         "idle_bytes_per_connection": round(idle_bytes[name])},
                  [f"{request:.3f}", ratio(request, base[0]), f"{rate:,.0f}", f"{100 * share:.0f}",
                   f"{handshake:.0f}", ratio(handshake, base[1]), f"{1e6 / handshake:,.0f}",
                   f"{idle_bytes[name]:,.0f}"])
    return group


def websocket(bench):
    """Echo of texts of 100 bytes, and idle connections."""
    group = Group("websocket: echo of 100 bytes, 64 connections, 1 and 16 outstanding; idle",
                  ("server", "CPU us/message", "/ uWebSockets", "messages/s", "16 deep",
                   "/ uWebSockets", "messages/s", "idle bytes"),
                  "gale's aims: no more CPU than uWebSockets; 256 bytes. CPU: the least of "
                  f"{RUNS} alternating one-second runs; the rest: medians.")
    need_descriptors(bench, sockets.IDLE_CONNECTIONS)
    with contextlib.ExitStack() as stack:
        found = {name: sockets.server(name, bench) for name in sockets.NAMES}
        group.skipped.update({name: why for name, why in found.items() if isinstance(why, str)})
        started = [stack.enter_context(server) for server in found.values()
                   if not isinstance(server, str)]
        depths = [alternate(started, ("-w", "100", "-p", depth), bench, group)
                  for depth in ("1", "16")]
        idle_bytes = {server.name: sockets.idle(bench, server) for server in started}
    least = {name: [min(one["cpu_us"] for one in runs[name]) for runs in depths]
             for name in depths[1]}
    base = least.get("uwebsockets", [None, None])
    for name, best in least.items():
        rates = [statistics.median(one["requests_per_second"] for one in runs[name])
                 for runs in depths]
        group.add(name, {"cpu_us_per_message": round(best[0], 4),
                         "cpu_us_per_message_of_16": round(best[1], 4),
                         "messages_per_second_median": round(rates[0]),
                         "messages_per_second_median_of_16": round(rates[1]),
                         "idle_bytes_per_connection": round(idle_bytes[name])},
                  [f"{best[0]:.3f}", ratio(best[0], base[0]), f"{rates[0]:,.0f}", f"{best[1]:.3f}",
                   ratio(best[1], base[1]), f"{rates[1]:,.0f}", f"{idle_bytes[name]:,.0f}"])
    return group


def broadcast(bench):
    """A message to all WebSockets of a room."""
    group = Group(f"broadcast: 100 bytes to {SUBSCRIBERS:,} WebSockets of a room, 1 and 16 messages "
                  "under way",
                  ("server", "deliveries/s", "CPU us", "ms to all", "16: deliveries/s", "CPU us"),
                  f"CPU: of the server, for each delivery, in {BROADCAST_SECONDS} seconds.")
    need_descriptors(bench, SUBSCRIBERS)
    for name in sockets.NAMES:
        server = sockets.server(name, bench, "rooms")
        if isinstance(server, str):
            group.skipped[name] = server
            continue
        figures = {}
        for depth in (1, 16):
            with server:
                result = broadcast_run(bench, server, depth)
                figures.update({f"{key}_{depth}": value for key, value in result.items()})
        group.add(name, figures, [f"{figures['deliveries_per_second_1']:,.0f}",
                                  f"{figures['cpu_us_1']:.2f}", f"{figures['p50_ms_1']:.1f}",
                                  f"{figures['deliveries_per_second_16']:,.0f}",
                                  f"{figures['cpu_us_16']:.2f}"])
    return group


def broadcast_run(bench, server, depth):
    command = [bench.build.tool("broadcast"), "-n", str(SUBSCRIBERS), "-p", str(depth)]
    joined = cpu_ticks(server.process.pid)
    run([*command, "-d", "1", "-m", "0", str(server.port)], bench.load_core)
    before = cpu_ticks(server.process.pid)  # connecting is not part of it
    result = json.loads(run([*command, "-d", str(BROADCAST_SECONDS), str(server.port)],
                            bench.load_core))
    after = cpu_ticks(server.process.pid)
    ticks = sum(after) - sum(before) - (sum(before) - sum(joined))
    return {"deliveries_per_second": result["requests_per_second"],
            "cpu_us": round(ticks * 1e6 / TICKS / result["requests"], 3),
            "p50_ms": result["p50_ms"]}


def one_by_one(bench, group, measure, what="hello", workers=1):
    """Each server alone: started, measured, stopped."""
    for name in servers.NAMES:
        try:
            with bench.server(name, what, workers) as server:
                measure(server)
        except servers.Missing as missing:
            group.skipped[name] = str(missing)
        except Failed as failed:
            unsupported = workers > 1 and isinstance(failed, Refused)
            (group.skipped if unsupported else group.failed)[name] = str(failed)


def count_idle(bench, server, connections, clients):
    command = [bench.build.tool("idle_connections"), "-n", str(connections), "-P", str(clients),
               str(server.port), *map(str, server.pids())]
    return json.loads(run(command, bench.load_core))


def need_descriptors(bench, count):
    if bench.descriptors < count + 500:
        raise servers.Missing(f"{count:,} connections in a process need {count + 500:,} "
                              f"descriptors, the hard limit is {bench.descriptors:,}")


def idle(bench):
    group = Group(f"idle: {IDLE_CONNECTIONS:,} keep-alive connections after one request each",
                  ("server", "bytes/connection", "server RSS MiB", "kernel bytes/connection"),
                  "gale's aim: 256 bytes. Growth of resident memory; the kernel's is both ends of each "
                  "connection.")
    need_descriptors(bench, IDLE_CONNECTIONS)

    def measure(server):
        found = count_idle(bench, server, IDLE_CONNECTIONS, 1)
        group.add(server.name, found, [f"{found['bytes_per_connection']:,.0f}",
                                       f"{found['resident_bytes'] / 2**20:.1f}",
                                       f"{found['kernel_bytes_per_connection']:,.0f}"])

    one_by_one(bench, group, measure)
    return group


def memory_available():
    with open("/proc/meminfo") as meminfo:
        for line in meminfo:
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    return 0


def wait_for_workers(server, count=WORKERS):
    """All workers are there within five seconds, or this server has none."""
    for _ in range(50):
        if len(server.pids()) > count:
            return
        time.sleep(0.1)
    raise servers.Missing(f"--workers={count} gave {len(server.pids()) - 1} worker processes")


def workers(bench):
    total = WORKERS * IDLE_CONNECTIONS
    group = Group(f"workers: {total:,} connections at once over {WORKERS} supervised workers",
                  ("server", "connections", "bytes/connection", "server RSS MiB",
                   "kernel bytes/connection"))
    need_descriptors(bench, IDLE_CONNECTIONS)
    if memory_available() < total * 16_384:
        raise servers.Missing(f"{total * 16_384 / 2**30:.1f} GiB of memory must be available")

    def measure(server):
        wait_for_workers(server)
        found = count_idle(bench, server, total, WORKERS)
        group.add(server.name, found, [f"{found['connections']:,}",
                                       f"{found['bytes_per_connection']:,.0f}",
                                       f"{found['resident_bytes'] / 2**20:.1f}",
                                       f"{found['kernel_bytes_per_connection']:,.0f}"])

    one_by_one(bench, group, measure, workers=WORKERS)
    return group


def longpoll(bench):
    group = Group(f"longpoll: {WAITING:,} handlers suspended at once, then all notified",
                  ("server", "bytes/handler", "server RSS MiB", "ms to the last answer"),
                  "gale's aim: 10,240 bytes. They are with the connection that the handler waits for.")
    need_descriptors(bench, WAITING)

    def measure(server):
        command = [bench.build.tool("longpoll_clients"), "-n", str(WAITING), str(server.port),
                   *map(str, server.pids())]
        found = json.loads(run(command, bench.load_core))
        group.add(server.name, found, [f"{found['bytes_per_waiting_handler']:,.0f}",
                                       f"{found['resident_bytes'] / 2**20:.1f}",
                                       f"{1000 * found['seconds_to_last_answer']:,.0f}"])

    one_by_one(bench, group, measure, what="longpoll")
    return group


def uploads(bench):
    group = Group("uploads: a form with a file of 1 GiB, to a temporary file, with its SHA-256",
                  ("server", "growth of peak RSS KiB", "peak RSS MiB", "CPU s", "s"),
                  "gale's aim: below 1,024 KiB. Growth over the peak of an upload of 1 MiB.")
    if not upload.have_room():
        raise servers.Missing("the folder for temporary files has not 1.25 GiB free")
    with bench.server("gale", "upload") as server:
        found = upload.measure(server)
    group.add("gale", found, [f"{found['peak_growth_bytes'] / 1024:,.0f}",
                              f"{found['peak_bytes'] / 2**20:.1f}", f"{found['cpu_seconds']:.2f}",
                              f"{found['seconds']:.2f}"])
    return group


def counted_commands(bench):
    """The servers that callgrind can follow: of one process, native, quick enough."""
    commands = {"floor": lambda port: [bench.build.tool("floor_epoll"), str(port)]}
    if os.access(bench.build.example("hello"), os.X_OK):
        commands["gale"] = lambda port: [bench.build.example("hello"), f"--port={port}",
                                         "--logging=warning"]
    if shutil.which("nginx", path="/usr/sbin:" + os.environ.get("PATH", "")):
        commands["nginx"] = lambda port: tools.nginx_command(
            port, bench.folder, bench.descriptors, master=False)
    return commands


def instructions(bench):
    callgrind.require_valgrind()
    group = Group("instructions: user space, per request (callgrind, one connection)",
                  ("server", "alone", "pipelined"), "gale's aim: 1,500 alone, 1,000 pipelined.")
    commands = counted_commands(bench)
    for name in servers.NAMES:
        if name in commands:
            try:
                found = callgrind.per_request(commands[name], bench.build.tool("http_load"),
                                              (bench.server_core, bench.load_core), bench.folder)
            except Failed as failed:
                group.failed[name] = str(failed)
                continue
            group.add(name, found, [f"{found['alone']:,.0f}", f"{found['pipelined']:,.0f}"])
    missing = {"gale": "build/release/examples/hello is not built", "nginx": "not installed",
               "node": "makes its code while it runs; callgrind cannot follow",
               "tornado": "would take minutes under callgrind"}
    group.skipped = {name: why for name, why in missing.items() if name not in commands}
    return group


def program(bench, name):
    """A program of bench/ that measures gale by itself and prints one line of JSON a figure."""
    path = bench.build.program(name)
    if path is None:
        raise servers.Missing(f"bench/{name} is not built")
    group = Group(f"{name}: bench/{name}", ("what", "figure", "unit"))
    for line in run([path], bench.server_core).splitlines():
        found = json.loads(line)
        group.add(found["name"], found, [f"{found['value']:,}", found["unit"]])
    return group


def tasks(bench):
    return program(bench, "tasks")


def timers(bench):
    return program(bench, "timers")


def simulation(bench):
    return program(bench, "idle_simulation")


def template(bench):
    """A page from a template, without a server."""
    group = Group("template: a page with 100 rows of escaped text, rendered",
                  ("engine", "CPU us/page", "/ gale", "bytes"), "CPU: the least of seven turns.")
    path = bench.build.program("template")
    if path is None:
        raise servers.Missing("bench/template is not built")
    pages = os.path.join(tools.BENCH, "pages")
    lines = run([path, pages], bench.server_core)
    python = tools.python_with_tornado()
    if python is None:
        group.skipped["tornado"] = group.skipped["jinja2"] = "no python3 here can import tornado"
    else:
        lines += run([python, os.path.join(tools.BENCH, "peers", "templates.py"), pages],
                     bench.server_core)
    found = [json.loads(line) for line in lines.splitlines()]
    for one in found:
        group.add(one["name"], {"cpu_us_per_page": one["us"]},
                  [f"{one['us']:,.1f}", ratio(one["us"], found[0]["us"]), f"{one['bytes']:,}"])
    return group


def fetching(bench, group):
    """The clients that can be measured: a name and a command without CONNECTIONS SECONDS PORT."""
    gale = bench.build.program("fetch")
    if gale is None:
        raise servers.Missing("bench/fetch is not built")
    clients = {"gale": [gale], "gale --curl": [gale, "--curl"]}
    peers = os.path.join(tools.BENCH, "peers")
    curl = tools.compiled(bench.build, os.path.join(peers, "curl_fetch.c"), "-lcurl")
    if curl:
        clients["libcurl multi"] = [curl]
    else:
        group.skipped["libcurl multi"] = "its headers are not installed"
    node = shutil.which("node")
    if node is None:
        group.skipped["node"] = "node is not installed"
        return clients
    for kind in ("agent", "fetch"):
        clients[f"node {kind}"] = [node, os.path.join(peers, "node_fetch.js"), kind]
    return clients


def fetch(bench):
    """Clients: what a fetch costs the one who fetches, from the floor, over 64 kept connections."""
    group = Group("fetch: 64 connections from a pool, one fetch outstanding on each",
                  ("client", "CPU us/fetch", "/ libcurl", "fetches/s", "/ libcurl"),
                  "The client's CPU: the least of seven runs; fetches/s: the most of them. "
                  "The server is the floor, on the other core.")
    clients = fetching(bench, group)
    runs = {name: [] for name in clients}
    with bench.server("floor") as server:
        for _ in range(RUNS):
            for name, command in clients.items():
                if name in group.failed:
                    continue
                try:
                    runs[name].append(json.loads(run([*command, "64", "1", str(server.port)],
                                                     bench.load_core)))
                except Failed as failed:
                    group.failed[name] = str(failed)
    best = {name: (min(one["cpu_us"] for one in results),
                   max(one["fetches_per_second"] for one in results))
            for name, results in runs.items() if results and name not in group.failed}
    base = best.get("libcurl multi", (None, None))
    for name, (cpu, rate) in best.items():
        group.add(name, {"cpu_us_per_fetch": cpu, "fetches_per_second": rate},
                  [f"{cpu:.2f}", ratio(cpu, base[0]), f"{rate:,.0f}", ratio(rate, base[1])])
    return group


def upgrades(bench):
    """No race: a proof. Whoever fails a request makes the group fail."""
    group = Group("upgrades: the program is replaced 20 times under load",
                  ("server", "requests", "upgrades", "failed", "seconds"))
    script = os.path.join(tools.ROOT, "tests", "interop", "upgrade_test.py")
    command = ["/usr/bin/env", f"GALE_BUILD={os.path.join(bench.build.folder, 'release')}", script,
               "--requests=100000", "--upgrades=20", "--pause=0"]
    pattern = r"(.*): (\d+) requests over (\d+) upgrades, none failed, ([\d.]+) s"
    for name, requests, count, seconds in re.findall(pattern, run(command, bench.load_core)):
        group.add(name, {"requests": int(requests), "upgrades": int(count), "failed": 0},
                  [f"{int(requests):,}", count, "0", seconds])
    return group


def million(bench):
    """As many WebSockets as there is room for, up to a million, and a message to all of them."""
    count = very_many.processes(bench.descriptors)
    group = Group(f"million: open WebSockets of {count} workers, from {count} clients; a message to "
                  "all of them",
                  ("connections", "opened in s", "bytes/connection", "after the message",
                   "kernel bytes/connection", "delivered", "half of them ms", "99 % ms", "all ms"),
                  "Growth of the workers' resident memory, once all are idle, and after the message; "
                  "the kernel's is both ends of\n  each connection. Time: from the POST to the clients' "
                  "reading it; servers and clients share the cores.")
    with very_many.server(bench, count) as started:
        wait_for_workers(started, count)
        for found in very_many.steps(bench, started, count):
            if "stopped" in found:
                group.skipped["more"] = found["stopped"]
                continue
            group.add(f"{found['connections']:,}", found,
                      [f"{found['opening_seconds']:.1f}", f"{found['bytes_per_connection']:,.0f}",
                       f"{found['after_bytes_per_connection']:,.0f}",
                       f"{found['kernel_bytes_per_connection']:,.0f}", f"{found['delivered']:,}",
                       *(f"{found[key]:,}" for key in ("p50_ms", "p99_ms", "last_ms"))])
    return group


ALL = {function.__name__: function for function in
       (hello, pipelined, idle, workers, longpoll, form, uploads, static, websocket, broadcast, tls, template,
        instructions, tasks, timers, simulation, fetch, upgrades)}
# Only when asked for: it needs all of the machine, and minutes.
BY_NAME = {**ALL, "million": million}

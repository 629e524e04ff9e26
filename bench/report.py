"""Turns figures into tables in Markdown."""

import statistics

REFERENCES = {"qemu-vhdx": 0, "nbdkit": 1}


def _median(rounds, section, key):
    return statistics.median(round_["sections"][section][key] for round_ in rounds)


def _cpu(rounds):
    return statistics.median(round_["cpu_us_per_op"] for round_ in rounds)


def _ratio(result, section, other, key):
    """The median of the rounds' ratios: a round's runs follow each other, so what disturbs one disturbs the other."""
    pairs = zip(result["rounds"]["vhdxd"], result["rounds"][other])
    return statistics.median(
        ours["sections"][section][key] / max(theirs["sections"][section][key], 1e-9) for ours, theirs in pairs)


def _sections(result):
    return list(next(iter(result["rounds"].values()))[0]["sections"])


def _title(result, section):
    return result["title"] if section == "all" else f"{result['title']}: {section}"


def _number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.1f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}" if value < 10 else f"{value:.1f}"


def _table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _ratio_cell(result, section, other):
    if other not in result["rounds"]:
        return "-"
    ratio = _ratio(result, section, other, "ops_per_s")
    bound = "" if result["rounds"][other][0]["sections"][section]["finished"] else "> "
    target = result["targets"].get(section)
    cell = f"{bound}{ratio:.2f}" if ratio < 10 else f"{bound}{ratio:.0f}"
    if target is None or other not in REFERENCES:
        return cell
    wanted = target[REFERENCES[other]]
    return f"**{cell}** ({wanted:g})" if ratio >= wanted else f"{cell} ({wanted:g})"


def _cpu_cell(result, other):
    if other not in result["rounds"] or _cpu(result["rounds"][other]) == 0:
        return "-"
    return f"{_cpu(result['rounds']['vhdxd']) / _cpu(result['rounds'][other]):.2f}"


def _ratios(results):
    rows = []
    for result in results:
        if "vhdxd" not in result["rounds"]:
            continue
        for section in _sections(result):
            rows.append([_title(result, section)]
                        + [_ratio_cell(result, section, other) for other in ("qemu-vhdx", "qemu-raw", "nbdkit")]
                        + [f"{_ratio(result, section, other, 'p99_us'):.2f}" if other in result["rounds"] else "-"
                           for other in ("qemu-vhdx", "nbdkit")]
                        + [_cpu_cell(result, other) for other in ("qemu-vhdx", "nbdkit")])
    return _table(["job", "ops/s: qemu-nbd VHDX", "qemu-nbd raw", "nbdkit raw", "p99: qemu-nbd VHDX", "nbdkit raw",
                   "CPU/op: qemu-nbd VHDX", "nbdkit raw"], rows)


def _figures(results):
    rows = []
    for result in results:
        for section in _sections(result):
            for name, rounds in result["rounds"].items():
                values = [_median(rounds, section, key) for key in ("ops_per_s", "p50_us", "p99_us", "p999_us")]
                rows.append([_title(result, section), name, _number(values[0]),
                             f"{_median(rounds, section, 'bytes_per_s') / 1e6:.0f}"]
                            + [_number(value) for value in values[1:]]
                            + ([f"{_cpu(rounds):.1f}", f"{max(r['peak_mib'] for r in rounds):.0f}"]
                               if name != "device" else ["-", "-"]))
    return _table(["job", "server", "ops/s", "MB/s", "p50 us", "p99 us", "p99.9 us", "server CPU us/op", "peak MiB"], rows)


def _warm_ups(results):
    rows = []
    for result in results:
        if result["warm_up"]:
            for section in _sections(result):
                cold = result["warm_up"]["sections"][section]["ops_per_s"]
                warm = _median(result["rounds"]["vhdxd"], section, "ops_per_s")
                rows.append([_title(result, section), _number(cold), _number(warm)])
    return _table(["job", "first run of a new process, ops/s", "later runs, ops/s"], rows)


def text(outcome):
    lines = [f"`{outcome['command']}`, {outcome['date']}; {outcome['machine']}; " + "; ".join(outcome["versions"]) + "."]
    for transport in dict.fromkeys(result["transport"] for result in outcome["results"]):
        results = [result for result in outcome["results"] if result["transport"] == transport]
        name = {"unix": "Unix socket", "tcp": "Loopback TCP", "tls": "TLS over loopback TCP"}[transport]
        lines += [f"### {name}: vhdxd against others", _ratios(results),
                  f"### {name}: figures", _figures(results)]
        if any(result["warm_up"] for result in results):
            lines += [f"### {name}: warm-up of vhdxd", _warm_ups(results)]
        problems = [problem for result in results for problem in result["problems"]]
        lines += ["Content: " + ("; ".join(problems) if problems else "as written, read back by QEMU after the write jobs.")]
    return "\n\n".join(lines)

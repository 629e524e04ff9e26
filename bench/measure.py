"""Runs jobs against servers in alternation, and checks what they have written."""

import json
import os
import random
import shutil
import subprocess
import time

import jobs
import servers

PRESENT_BYTES = 1 << 40
EMPTY_BYTES = 32 << 30
WARM_UP_BYTES = 1 << 40
BLOCK_BYTES = 1 << 20
REST_SECONDS = 1

# A copy that takes longer than this is given up; its figures are then bounds.
COPY_SECONDS = 60

# Writes of a content check, of all connections together.
CHECKED_WRITES = 4096


class Bench:
    def __init__(self, directory, arguments, say):
        self.directory = directory
        self.arguments = arguments
        self.say = say
        self.present_bytes = arguments.size << 30
        self.base = {"raw": directory / "present.raw", "vhdx": directory / "present.vhdx"}

    def prepare(self):
        """Makes the image with data, in both formats and with the same content."""
        self.say("building, making images")
        _call(str(servers.ROOT / "vhdxd"), "--version")
        with open(self.base["raw"], "wb") as raw:
            for _ in range(self.present_bytes >> 20):
                raw.write(random.randbytes(1 << 20))
            raw.truncate(PRESENT_BYTES)
        _call("qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", f"subformat=dynamic,block_size={BLOCK_BYTES}",
              str(self.base["raw"]), str(self.base["vhdx"]))
        os.sync()

    def run(self, job, transport):
        """Runs all rounds of a job; None if it is of no use with this transport."""
        if job.program == "start":
            return self._run_starts(job, transport) if transport == "unix" else None
        if transport == "tls" and job.program == "fio":
            return None  # fio's engine has no way to name certificates
        chosen = [servers.ALL[name] for name in self.arguments.servers]
        rounds = range(self.arguments.rounds + 1)  # the first one warms up
        started, images = {}, {}
        figures = {server.name: [] for server in chosen}
        problems = []
        try:
            for server in chosen:
                images[server.name] = self._images(job, server, rounds)
                started[server.name] = server.start(images[server.name], transport, self.directory)
            for round_ in rounds:
                for server in chosen:
                    process = started[server.name][self._export(job, round_)]
                    uri = process.endpoint.uri(self._export(job, round_))
                    seconds = self.arguments.seconds
                    if round_ == 0:
                        # The others need no more than to have touched their memory.
                        seconds = self.arguments.warm_up if server.name == "vhdxd" else min(1, seconds)
                    if round_ > 0 or server.name == "vhdxd":
                        figures[server.name].append(self._measure(job, process, uri, round_, seconds))
                if round_ > 0 and job.floor:
                    figures.setdefault("device", []).append(self._measure_device(job, round_))
            for server in chosen:
                if job.writes and server.image_format == "vhdx":
                    problems += self._check(job, server, started[server.name], images[server.name])
        finally:
            for processes in started.values():
                for process in set(processes.values()):
                    process.stop()
            self._remove_images(job, images)
        warm_up = figures["vhdxd"].pop(0) if "vhdxd" in figures else None
        return {"job": job.name, "title": job.title, "transport": transport, "rounds": figures,
                "warm_up": warm_up, "problems": problems,
                "targets": {name: [target.qemu, target.nbdkit] for name, target in _targets(job).items()}}

    @staticmethod
    def _export(job, round_):
        return f"round{round_}" if job.image == jobs.EMPTY else "disk"

    def _images(self, job, server, rounds):
        if job.image == jobs.PRESENT:
            image = self.directory / f"{server.name}.{server.image_format}"
            # Jobs that only read leave the image as it is; so do all jobs that have a copy of their own.
            if not job.writes:
                return {"disk": self.base[server.image_format]} if server.image_format == "raw" else {
                    "disk": self._copy(self.base["vhdx"], image)}
            return {"disk": self._copy(self.base[server.image_format], image)}
        images = {}
        for round_ in rounds:
            image = self.directory / f"{server.name}-{round_}.{server.image_format}"
            options = ["-o", f"subformat=dynamic,block_size={BLOCK_BYTES}"] if server.image_format == "vhdx" else []
            _call("qemu-img", "create", "-q", "-f", server.image_format, *options, str(image),
                  str(EMPTY_BYTES if round_ else WARM_UP_BYTES))
            images[f"round{round_}"] = image
        return images

    @staticmethod
    def _copy(source, destination):
        _call("cp", "--sparse=always", str(source), str(destination))
        # In the page cache, as what was just written is.
        with open(destination, "rb") as copied:
            while copied.read(1 << 20) and copied.tell() < (2 << 30):
                pass
        return destination

    def _remove_images(self, job, images):
        for of_server in images.values():
            for image in of_server.values():
                if image not in self.base.values():
                    image.unlink(missing_ok=True)

    def _measure(self, job, process, uri, round_, seconds):
        os.sync()
        process.reset_peak()
        cpu_before = process.cpu_seconds()
        sections = self._copy_image(uri) if job.program == "nbdcopy" else self._fio(
            job, {"ioengine": "nbd", "uri": uri}, round_, seconds)
        cpu_seconds = process.cpu_seconds() - cpu_before
        operations = sum(section["operations"] for section in sections.values())
        return {"sections": sections, "cpu_us_per_op": cpu_seconds * 1e6 / max(operations, 1),
                "peak_mib": process.peak_mib()}

    def _measure_device(self, job, round_):
        """The same writes and syncs on a file, without a server."""
        file = self.directory / "device.raw"
        if job.image == jobs.PRESENT:
            self._copy(self.base["raw"], file)
        else:
            _call("qemu-img", "create", "-q", "-f", "raw", str(file), str(EMPTY_BYTES))
        os.sync()
        floor = jobs.Job(job.name, job.title, [jobs.Section("all", job.floor)])
        sections = self._fio(floor, {"ioengine": "psync", "filename": str(file)}, round_, self.arguments.seconds)
        file.unlink()
        return {"sections": sections, "cpu_us_per_op": 0, "peak_mib": 0}

    def _fio(self, job, engine, round_, seconds):
        command = ["fio", "--output-format=json"]
        for section in job.sections:
            options = {"randseed": 1 + round_, "runtime": f"{int(seconds * 1000)}ms", "group_reporting": 1, "new_group": 1,
                       "percentile_list": "50:99:99.9", "thread": 1, **engine, **section.options}
            if "io_size" not in options and job.image == jobs.PRESENT:
                options["time_based"] = 1
            command += _fio_section(section.name, options, round_, self.present_bytes)
        reported = _json_of(_call(*command))["jobs"]
        return {section.name: _figures(of_fio, section.options)
                for of_fio, section in zip(reported, job.sections, strict=True)}

    def _copy_image(self, uri):
        begin = time.monotonic()
        finished = True
        try:
            subprocess.run(["nbdcopy", uri, "null:"], check=True, timeout=COPY_SECONDS)
        except subprocess.TimeoutExpired:
            finished = False
        seconds = time.monotonic() - begin
        return {"all": {"operations": 1, "ops_per_s": 1 / seconds, "bytes_per_s": self.present_bytes / seconds,
                        "p50_us": seconds * 1e6, "p99_us": seconds * 1e6, "p999_us": seconds * 1e6,
                        "finished": finished}}

    def _run_starts(self, job, transport):
        """How long each server takes until it greets a client, and what memory it holds at rest."""
        figures = {name: [] for name in self.arguments.servers}
        for _ in range(self.arguments.rounds):
            for name in self.arguments.servers:
                server = servers.ALL[name]
                process = server.start({"disk": self.base[server.image_format]}, transport, self.directory)["disk"]
                time.sleep(REST_SECONDS)
                seconds = process.start_seconds
                figures[name].append({
                    "sections": {"all": {"operations": 1, "ops_per_s": 1 / seconds, "bytes_per_s": 0,
                                         "p50_us": seconds * 1e6, "p99_us": seconds * 1e6, "p999_us": seconds * 1e6,
                                         "finished": True}},
                    "cpu_us_per_op": process.cpu_seconds() * 1e6, "peak_mib": process.resident_mib()})
                process.stop()
        return {"job": job.name, "title": job.title, "transport": transport, "rounds": figures, "warm_up": None,
                "problems": [], "targets": {}}

    def _check(self, job, server, processes, images):
        """Writes a pattern the way the job writes, stops the server, and has QEMU compare and check."""
        export = list(images)[-1]
        pattern = f"0x{random.randrange(1 << 32):08x}%o"
        sections = [section for section in job.sections if "read" != section.options["rw"][-4:]]
        problems = []
        process = processes[export]
        problems += self._verify(sections, process.endpoint.uri(export), pattern, write=True)
        for running in set(processes.values()):
            running.stop()
        checked = subprocess.run(["qemu-img", "check", "-f", "vhdx", str(images[export])], capture_output=True, text=True)
        if checked.returncode != 0:
            problems.append(f"{server.name}, {job.name}: qemu-img check: {checked.stdout}{checked.stderr}")
        reader = servers.ALL["qemu-vhdx"].start({export: images[export]}, "unix", self.directory)[export]
        try:
            problems += self._verify(sections, reader.endpoint.uri(export), pattern, write=False)
        finally:
            reader.stop()
        return problems

    def _verify(self, sections, uri, pattern, write):
        command = ["fio", "--output-format=json"]
        for section in sections:
            connections = section.options.get("numjobs", 1)
            options = {**section.options, "ioengine": "nbd", "uri": uri, "thread": 1, "verify": "pattern",
                       "verify_pattern": pattern, "verify_state_save": 0, "randseed": 99, "number_ios": CHECKED_WRITES // connections}
            options["rw"] = options["rw"].replace("randrw", "randwrite")
            if options["bs"] == "1m":
                options["number_ios"] = 256
            # fio counts a flush as one of the I/Os, but only where it does write.
            for option in ("rwmixread", "fsync"):
                options.pop(option, None)
            options.update({"do_verify": 0, "end_fsync": 1} if write else {"verify_only": 1})
            command += _fio_section(section.name, options, self.arguments.rounds + 1, self.present_bytes)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return []
        return [f"{uri}: {'writing' if write else 'verifying'}: {done.stderr.strip()[:2000]}"]


def _targets(job):
    if job.target:
        return {"all": job.target}
    return {section.name: section.target for section in job.sections if section.target}


def _fio_section(name, options, round_, present_bytes):
    resolved = {key: value(round_, present_bytes) if callable(value) else value for key, value in options.items()}
    return [f"--name={name}"] + [f"--{key}={value}" for key, value in resolved.items() if value is not None]


def _figures(of_fio, options):
    kinds = [of_fio[kind] for kind in ("read", "write") if of_fio[kind]["total_ios"] > 0]
    operations = sum(kind["total_ios"] for kind in kinds)
    seconds = max((kind["runtime"] for kind in kinds), default=1) / 1000
    # A flush after each write is what such a job is about; in a mix the reads are.
    latency = of_fio["sync"]["lat_ns"] if options.get("fsync", options.get("fdatasync", 0)) == 1 else kinds[0]["clat_ns"]
    percentile = {key: value / 1000 for key, value in latency.get("percentile", {}).items()}
    return {"operations": operations, "ops_per_s": operations / seconds,
            "bytes_per_s": sum(kind["io_bytes"] for kind in kinds) / seconds,
            "p50_us": percentile.get("50.000000", 0), "p99_us": percentile.get("99.000000", 0),
            "p999_us": percentile.get("99.900000", 0), "finished": True}


def _json_of(text):
    return json.loads(text[text.index("{"):])


def _call(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout

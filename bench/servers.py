"""The servers that are compared. Each serves images over a Unix socket or loopback TCP, as its own documentation says."""

import pathlib
import re
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 60


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Endpoint:
    """Where one server process listens."""

    def __init__(self, transport, directory):
        self.path = pathlib.Path(directory) / f"{time.monotonic_ns()}.sock" if transport == "unix" else None
        self.port = None if self.path else _free_port()
        self.certificates = pathlib.Path(directory) / "certificates" if transport == "tls" else None
        if self.certificates and not self.certificates.exists():
            subprocess.run([ROOT / "build" / "make-certs.sh", self.certificates], check=True)

    def uri(self, export):
        if self.certificates:
            return f"nbds://localhost:{self.port}/{export}?tls-certificates={self.certificates}"
        if self.path:
            return f"nbd+unix:///{export}?socket={self.path}"
        return f"nbd://127.0.0.1:{self.port}/{export}"

    def answers(self):
        """Whether a server greets who connects."""
        family, address = (socket.AF_UNIX, str(self.path)) if self.path else (socket.AF_INET, ("127.0.0.1", self.port))
        with socket.socket(family) as client:
            client.settimeout(START_SECONDS)
            try:
                client.connect(address)
                return client.recv(8) == b"NBDMAGIC"
            except OSError:
                return False


class ServerProcess:
    """A running server; knows what it has cost so far."""

    def __init__(self, command, endpoint, log):
        self.endpoint = endpoint
        started = time.monotonic()
        self._log = open(log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        while not endpoint.answers():
            if self.process.poll() is not None or time.monotonic() - started > START_SECONDS:
                self.process.kill()
                raise SystemExit(f"bench: {command[0]} did not start:\n" + pathlib.Path(log).read_text())
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - started

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _memory_mib(self, name):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(name + r":\s+(\d+) kB", status).group(1)) / 1024

    def peak_mib(self):
        return self._memory_mib("VmHWM")

    def resident_mib(self):
        return self._memory_mib("VmRSS")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


class Server:
    """A kind of server."""

    def __init__(self, name, image_format, command, many_exports=False):
        self.name = name
        self.image_format = image_format
        self._command = command
        self.many_exports = many_exports

    def start(self, images, transport, directory):
        """Serves images, by their names: one process for all of them, or one for each. Returns name -> process."""
        log = pathlib.Path(directory) / f"{self.name}.log"
        if self.many_exports:
            endpoint = Endpoint(transport, directory)
            process = ServerProcess(self._command(endpoint, images), endpoint, log)
            return {name: process for name in images}
        processes = {}
        for name, image in images.items():
            endpoint = Endpoint(transport, directory)
            processes[name] = ServerProcess(self._command(endpoint, {name: image}), endpoint, log)
        return processes


def _vhdxd(endpoint, images):
    listen = ["--listen", f"unix:{endpoint.path}" if endpoint.path else f"127.0.0.1:{endpoint.port}"]
    if endpoint.certificates:
        listen += ["--tls-certificates", str(endpoint.certificates)]
    return [str(ROOT / "vhdxd"), "serve", *listen] + [f"{name}={image}" for name, image in images.items()]


def _qemu_nbd(image_format):
    def command(endpoint, images):
        (name, image), = images.items()
        listen = ["-k", str(endpoint.path)] if endpoint.path else ["-b", "127.0.0.1", "-p", str(endpoint.port)]
        if endpoint.certificates:
            listen += ["--object", f"tls-creds-x509,id=tls,endpoint=server,verify-peer=no,dir={endpoint.certificates}",
                       "--tls-creds", "tls"]
        return ["qemu-nbd", "-t", "-e", "64", "-f", image_format, "-x", name] + listen + [str(image)]
    return command


def _nbdkit(endpoint, images):
    (name, image), = images.items()
    listen = ["-U", str(endpoint.path)] if endpoint.path else ["-i", "127.0.0.1", "-p", str(endpoint.port)]
    if endpoint.certificates:
        listen += ["--tls=require", f"--tls-certificates={endpoint.certificates}"]
    return ["nbdkit", "-f"] + listen + ["file", str(image)]


ALL = {
    "vhdxd": Server("vhdxd", "vhdx", _vhdxd, many_exports=True),
    "qemu-vhdx": Server("qemu-vhdx", "vhdx", _qemu_nbd("vhdx")),
    "qemu-raw": Server("qemu-raw", "raw", _qemu_nbd("raw")),
    "nbdkit": Server("nbdkit", "raw", _nbdkit),
}


def versions():
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()
    return [first_line(str(ROOT / "vhdxd"), "--version"), first_line("qemu-nbd", "--version"),
            first_line("nbdkit", "--version"), first_line("fio", "--version")]

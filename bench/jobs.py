"""What is measured. Each job is one or more sections of fio that run at the same time, or a program of its own."""

from dataclasses import dataclass, field

MIB = 1 << 20
GIB = 1 << 30

PRESENT = "present"  # an image of 1 TiB whose first GiBs hold data
EMPTY = "empty"  # a new image of 32 GiB for every round, of 1 TiB for the warm-up


@dataclass(frozen=True)
class Target:
    """How many times as fast as others vhdxd is to be."""

    qemu: float
    nbdkit: float


@dataclass(frozen=True)
class Section:
    """A section of fio. Options that are functions get the round and the bytes that are present."""

    name: str
    options: dict
    target: Target | None = None


@dataclass(frozen=True)
class Job:
    name: str
    title: str
    sections: list = field(default_factory=list)
    image: str = PRESENT
    writes: bool = False
    # Options of fio that do the same to a file, to show what the device takes.
    floor: dict | None = None
    program: str = "fio"
    target: Target | None = None


def _random(rw, block, depth, connections=1, **more):
    return {"rw": rw, "bs": block, "iodepth": depth, "numjobs": connections, "norandommap": 1,
            "size": lambda round_, present: present, **more}


def _sequential(rw, block, depth, **more):
    return {"rw": rw, "bs": block, "iodepth": depth, "size": lambda round_, present: present, **more}


def _one(name, title, options, qemu, nbdkit, **more):
    return Job(name, title, [Section("all", options, Target(qemu, nbdkit))], **more)


# One write of 4 KiB in every MiB: each needs a new block.
_STRIDE = {"rw": "write:1020k", "bs": "4k"}


def _touched(size, bytes_in_round):
    """So many bytes of each round's part of an empty disk; in the warm-up as many as there is time for."""
    return {"size": lambda round_, present: size if round_ else 32 * size,
            "io_size": lambda round_, present: bytes_in_round if round_ else None}

ALL = [
    _one("randread", "random read 4 KiB, depth 32", _random("randread", "4k", 32), 4, 1.3),
    _one("randread-qd1", "random read 4 KiB, depth 1", _random("randread", "4k", 1), 1.8, 1.0),
    _one("randread-4conn", "random read 4 KiB, 4 connections, depth 16", _random("randread", "4k", 16, 4), 4, 1.3),
    _one("randread-16conn", "random read 4 KiB, 16 connections, depth 4", _random("randread", "4k", 4, 16), 4, 1.3),
    _one("randread-64conn", "random read 4 KiB, 64 connections, depth 1", _random("randread", "4k", 1, 64), 4, 1.3),
    _one("randwrite", "random write 4 KiB, depth 32, blocks present", _random("randwrite", "4k", 32), 3, 1.5,
         writes=True),
    _one("mix", "70/30 mix 4 KiB, depth 32, blocks present", _random("randrw", "4k", 32, rwmixread=70), 3, 1.5,
         writes=True),
    _one("read-64k", "sequential read 64 KiB, depth 16", _sequential("read", "64k", 16), 3, 1.3),
    _one("read-1m", "sequential read 1 MiB, depth 8", _sequential("read", "1m", 8), 3, 1.3),
    _one("write-1m", "sequential write 1 MiB, depth 8, blocks present", _sequential("write", "1m", 8), 2, 1.1,
         writes=True),
    _one("touch-4k", "first touch: 4 KiB at 1 MiB strides, depth 32",
         {**_STRIDE, **_touched(32 * GIB, 128 * MIB), "iodepth": 32}, 60, 1.0, image=EMPTY, writes=True),
    _one("touch-1m", "first touch: sequential 1 MiB, depth 8",
         {"rw": "write", "bs": "1m", "iodepth": 8, "size": 2 * GIB}, 3, 1.0, image=EMPTY, writes=True),
    _one("flush-8conn", "4 KiB write + flush, 8 connections, blocks present",
         _random("randwrite", "4k", 1, 8, fsync=1), 3, 1.5, writes=True,
         floor=_random("randwrite", "4k", 1, 8, fdatasync=1)),
    _one("flush-8conn-new", "4 KiB write + flush, 8 connections, each write a new block",
         {**_STRIDE, **_touched(4 * GIB, 16 * MIB), "iodepth": 1, "numjobs": 8, "fsync": 1,
          "offset_increment": lambda round_, present: (4 if round_ else 128) * GIB}, 15, 1.2, image=EMPTY, writes=True,
         floor={**_STRIDE, **_touched(4 * GIB, 16 * MIB), "iodepth": 1, "numjobs": 8, "fdatasync": 1,
                "offset_increment": 4 * GIB}),
    _one("flush-1conn", "4 KiB write + flush, 1 connection, blocks present",
         _random("randwrite", "4k", 1, fsync=1), 1.1, 1.0, writes=True,
         floor=_random("randwrite", "4k", 1, fdatasync=1)),
    Job("read-beside-touch", "random reads (depth 4) beside a writer into new blocks (depth 4, a flush every 8)",
        [Section("reads", _random("randread", "4k", 4), Target(40, 1.1)),
         Section("writer", {**_STRIDE, "iodepth": 4, "fsync": 8, "size": 32 * GIB,
                            "offset": lambda round_, present: (1 + round_) * 32 * GIB}, Target(20, 1.0))],
        writes=True),
    Job("copy", "copy of a 1 TiB image that holds the data present (nbdcopy)", program="nbdcopy", target=Target(100, 1.0)),
    Job("start", "start to listening on the 1 TiB image", program="start"),
]

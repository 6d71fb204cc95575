"""Chooses engine and device: those asked for, else the best by what the engines declare."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace

from sleap_rt.errors import EngineError, OptionError, did_you_mean
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import Declaration, Device, find_device

Declared = Mapping[str, Declaration]  # by the engine's name
_ANY_GPU = "gpu"  # the name of one maker's GPUs, and what people call all of them
AS_ASKED = "as asked for"  # why an engine runs where nothing was left to choose


@dataclass(frozen=True)
class EngineChoice:
    """The engine and device that `auto` stands for on this machine.

    Attributes:
        options: engine and device, neither of them `auto`, except where an engine that was asked
            for by name works on none of its devices; opening it says why.
        reason: one line for a person to read; `AS_ASKED` where there is nothing to tell.
    """

    options: EngineOptions
    reason: str


def check_options(options: EngineOptions, declared: Declared) -> None:
    """Refuse an unknown engine, and a device or an option that the engine does not serve.

    Raises:
        OptionError: as said; for `auto`, the engine it chooses does not honour the option.
    """
    options = _in_our_words(options, declared)
    _check_engine(options, declared)
    if options.engine == "auto":
        options = _choose_engine(options, declared, is_int8=False).options
    _check_honoured(options, declared)


def choose(options: EngineOptions, declared: Declared, *, is_int8: bool) -> EngineChoice:
    """Settle `auto`.

    Args:
        options: as asked for.
        declared: the declarations of all engines.
        is_int8: whether a network in int8 will run.

    Raises:
        OptionError: as `check_options`, or no engine serves the device.
        EngineError: the device is `gpu`, and nothing serves that here.
    """
    options = _in_our_words(options, declared)
    _check_engine(options, declared)
    if options.engine == "auto":
        choice = _choose_engine(options, declared, is_int8=is_int8)
    else:
        choice = _choose_device(options, declared[options.engine])
    _check_honoured(choice.options, declared)
    return choice


def cpu_engines(
    options: EngineOptions, declared: Declared, precisions: Collection[str]
) -> list[str]:
    """Engines that could run networks on the CPU here, in the order in which `auto` takes them.

    Args:
        options: as asked for; an engine that does not honour one of them is none.
        declared: the declarations of all engines.
        precisions: number formats of the networks.
    """
    pairs = _pairs("cpu", declared, is_int8="int8" in precisions)
    return [
        name
        for name, device in pairs
        if device.place is not None
        and set(precisions) <= set(declared[name].precisions)
        and all(declared[name].honours(option, device) for option in _given(options))
        and declared[name].why_not("cpu") is None
    ]


def _choose_engine(options: EngineOptions, declared: Declared, *, is_int8: bool) -> EngineChoice:
    pairs = _pairs(options.device, declared, is_int8=is_int8)
    obstacles: dict[str, None] = {}  # each once, in order
    for name, device in pairs:
        obstacle = declared[name].why_not(device.kind)
        if obstacle is None:
            if device.kind == "cpu":
                obstacles.pop(why_no_gpu() or "", None)  # without a GPU, a CPU is no news
            reason = ", and ".join(obstacles) or _first_reason(options, device)
            if is_int8 and device.int8_place is not None:
                reason += "; int8 is fastest there"
            return EngineChoice(_settled(options, name, device), reason)
        obstacles[obstacle] = None
    if options.device.partition(":")[0] == _ANY_GPU:
        raise EngineError(_which_gpu(pairs, ", and ".join(obstacles), declared))
    if options.device != "auto":
        name, device = pairs[0]
    else:
        name, device = next(pair for pair in pairs if pair[1].kind == "cpu")
    # Nothing works: opening it says what is missing, and nothing is told ahead of that.
    return EngineChoice(_settled(options, name, device), AS_ASKED)


def _which_gpu(pairs: list[tuple[str, Device]], obstacles: str, declared: Declared) -> str:
    """For whoever meant another maker's GPU than the one that has this name here."""
    others = {device.kind: device.title for _, device in _all_devices(declared) if device.place}
    named = [
        f"{title} is {kind!r}" for kind, title in others.items() if kind not in ("cpu", _ANY_GPU)
    ]
    name, device = pairs[0]
    install = f" {declared[name].install}" if obstacles.endswith("not installed") else ""
    return f"Device {_ANY_GPU!r} is {device.title}; {'; '.join(named)}. {obstacles}.{install}"


def _first_reason(options: EngineOptions, device: Device) -> str:
    if device.kind == "cpu":
        return f"the usual choice {'without a GPU' if options.device == 'auto' else 'on a CPU'}"
    return f"there is {device.title}"


def _pairs(asked: str, declared: Declared, *, is_int8: bool) -> list[tuple[str, Device]]:
    """(engine, device) pairs that `asked` allows; best first, GPUs before the CPU."""
    kind = asked.partition(":")[0]
    found = [
        (name, device)
        for name, device in _all_devices(declared)
        if (device.place is not None if kind == "auto" else device.kind == kind)
    ]
    if not found:
        kinds = dict.fromkeys(device.kind for _, device in _all_devices(declared))
        raise OptionError(
            f"No engine serves device {asked!r}; choose auto or one of {', '.join(kinds)} (of "
            "NVIDIA GPUs, the first is cuda or cuda:0, the second cuda:1)"
        )

    def order(pair: tuple[str, Device]) -> tuple[bool, bool, int, str]:
        name, device = pair
        place = device.place_for(is_int8=is_int8)
        return device.kind == "cpu", place is None, place or 0, name

    return sorted(found, key=order)


def _all_devices(declared: Declared) -> Iterator[tuple[str, Device]]:
    for name, declaration in declared.items():
        yield from ((name, device) for device in declaration.devices)


def _choose_device(options: EngineOptions, declaration: Declaration) -> EngineChoice:
    """The device of an engine that was asked for by name: the first that works here."""
    obstacles: list[str] = []
    for device in declaration.devices if options.device == "auto" else ():
        if not all(declaration.honours(name, device) for name in _given(options)):
            continue
        obstacle = declaration.why_not(device.kind)
        if obstacle is None:
            settled = _settled(options, options.engine, device)
            if device.kind != "cpu":
                return EngineChoice(settled, f"there is {device.title}")
            # On the CPU, this is news only where a GPU lies idle.
            is_news = bool(obstacles) and why_no_gpu() is None
            return EngineChoice(settled, obstacles[0] if is_news else AS_ASKED)
        obstacles.append(obstacle)
        if device.kind == "cpu":
            break
    return EngineChoice(options, AS_ASKED)


def _settled(options: EngineOptions, engine: str, device: Device) -> EngineOptions:
    asked = options.device
    if asked == "auto":
        asked = f"{device.kind}:0" if device.numbered else device.kind
    return replace(options, engine=engine, device=asked)


def _in_our_words(options: EngineOptions, declared: Declared) -> EngineOptions:
    ours = {other.sleap_nn_name: name for name, other in declared.items() if other.sleap_nn_name}
    return replace(options, engine=ours.get(options.engine, options.engine))


def _check_engine(options: EngineOptions, declared: Declared) -> None:
    """Refuse an engine that there is not, and a device that it does not serve."""
    _check_number(options.device, declared)
    if options.engine == "auto":
        return
    if options.engine not in declared:
        raise OptionError(
            f"No engine named {options.engine!r}; choose auto or one of {', '.join(declared)}."
            f"{did_you_mean(options.engine, declared)}"
        )
    try:
        find_device(options.engine, declared[options.engine], options.device)
    except OptionError as error:
        kind = options.device.partition(":")[0]
        others = [
            f"`--engine {name}`"
            for name, other in declared.items()
            if name != options.engine and kind in {device.kind for device in other.devices}
        ]
        hint = f". Pass {' or '.join(others)} for that device" if others else ""
        raise OptionError(f"{error}{hint}") from None


def _check_number(asked: str, declared: Declared) -> None:
    """Refuse a number where no engine has several such devices, and what is no number."""
    kind, colon, number = asked.partition(":")
    alike = [device for _, device in _all_devices(declared) if device.kind == kind]
    if not colon or not alike:
        return
    if not any(device.numbered for device in alike):
        raise OptionError(f"Device {asked!r}: {kind} has no number; pass --device {kind}")
    if not number.isdecimal():
        raise OptionError(
            f"Device {asked!r}: {number!r} is no number; the first is {kind} or {kind}:0, the "
            f"second {kind}:1"
        )


def _check_honoured(options: EngineOptions, declared: Declared) -> None:
    declaration = declared[options.engine]
    kind = options.device.partition(":")[0]
    meant = [device for device in declaration.devices if kind in (device.kind, "auto")]
    for name in _given(options):
        if not any(declaration.honours(name, device) for device in meant):
            raise OptionError(_refusal(name, options.engine, declared, on_gpu=_only_gpus(meant)))


def _only_gpus(devices: list[Device]) -> bool:
    return all(device.kind != "cpu" for device in devices)


def _refusal(option: str, engine: str, declared: Declared, *, on_gpu: bool) -> str:
    if option == "threads" and on_gpu:
        return f"Threads are CPU threads, and engine {engine!r} runs on the GPU; leave it out"
    owner = next(name for name, other in declared.items() if option in other.options)
    return (
        f"{option} is an option of {declared[owner].product}, not of engine {engine!r}; pass "
        f"--engine {owner}, or leave it out"
    )


def _given(options: EngineOptions) -> list[str]:
    """Names of the options that are set, besides engine and device."""
    return [
        field.name
        for field in fields(options)
        if field.name not in ("engine", "device")
        and getattr(options, field.name) != getattr(EngineOptions, field.name)
    ]

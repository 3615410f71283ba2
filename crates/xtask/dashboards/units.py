"""Numbers as Grafana shows them."""


def formatted(value: float, unit: str) -> str:
    """`value` in Grafana's unit `unit`."""
    match unit:
        case "s":
            return seconds(value)
        case "bytes":
            return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"])
        case "percentunit":
            return f"{short(100 * value)} %"
        case "reqps":
            return f"{short(value)} req/s"
        case "ops":
            return f"{short(value)} ops/s"
        case "short":
            return scaled(value, 1000, ["", "K", "M", "G"])
        case None:
            return short(value)
        case _:
            raise ValueError(f"unit {unit}")


def seconds(value: float) -> str:
    if value == 0:
        return "0 s"
    for limit, factor, name in [(1e-3, 1e6, "µs"), (1, 1e3, "ms"), (60, 1, "s")]:
        if abs(value) < limit:
            return f"{short(value * factor)} {name}"
    for limit, factor, name in [(3600, 60, "min"), (86400, 3600, "h")]:
        if abs(value) < limit:
            return f"{short(value / factor)} {name}"
    return f"{short(value / 86400)} days"


def scaled(value: float, base: int, names: list[str]) -> str:
    step = 0
    while abs(value) >= base and step + 1 < len(names):
        value /= base
        step += 1
    return f"{short(value)} {names[step]}".strip()


def short(value: float) -> str:
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

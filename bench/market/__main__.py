"""`python -m bench.market`: plays strategies in one market and prints what they hold; for trying things out."""

import time
from collections.abc import Sequence

import click

from bench.market.oracle import oracle
from bench.market.scenario import SCENARIOS
from bench.market.strategy import BY_NAME, IDEAL, ODCR, RIVALS, Strategy
from bench.market.supply import supply
from bench.market.trial import trial


@click.command(help="Plays six hours of a market with the STRATEGIES: the ideal asker and odcr if none is named.")
@click.argument("strategies", nargs=-1, type=click.Choice([*BY_NAME]))
@click.option("--targets", default=40, show_default=True, help="Each has a pool of its own.")
@click.option("--regions", default=1, show_default=True, type=click.IntRange(1, 4), help="Over which they are spread.")
@click.option("--gap", default=150, show_default=True, help="Instances wanted, of each target.")
@click.option("--life", default=60.0, show_default=True, help="Seconds that a free instance stays, on average.")
@click.option("--scenario", default="trickle", show_default=True, type=click.Choice([one.name for one in SCENARIOS]))
@click.option("--seeds", default=1, show_default=True, help="How often, each time with another supply.")
@click.option("--rivals", is_flag=True, help="The other ladders at odcr's pace as well.")
def main(
    strategies: Sequence[str],
    targets: int,
    regions: int,
    gap: int,
    life: float,
    scenario: str,
    seeds: int,
    rivals: bool,
) -> None:
    chosen: list[Strategy] = [BY_NAME[name] for name in strategies] or [IDEAL, ODCR]
    market = next(one for one in SCENARIOS if one.name == scenario).living(life)
    supplies = [[supply(market, seed * targets + one) for one in range(targets)] for seed in range(seeds)]
    most = sum(oracle(bursts, gap).instance_hours for some in supplies for bursts in some)
    click.echo(f"{'':24}of oracle  of ideal  requests  describes  overdrawn  attempts  seconds")
    ideal: float | None = None
    for one in [*chosen, *(RIVALS if rivals else ())]:
        started = time.perf_counter()
        trials = [trial(one, gap, some, regions) for some in supplies]
        hours = sum(played.instance_hours for played in trials)
        ideal = hours if one is IDEAL else ideal
        of_ideal = f"{hours / ideal:.4f}" if ideal else "-"
        calls, describes, overdrawn, attempts = (
            sum(getattr(played, name) for played in trials) for name in ("calls", "describes", "overdrawn", "attempts")
        )
        click.echo(
            f"{one.name:24}{hours / most:9.4f}{of_ideal:>10}{calls:10,}{describes:11,}{overdrawn:11,}{attempts:10,}"
            f"{time.perf_counter() - started:9.1f}"
        )


if __name__ == "__main__":
    main()

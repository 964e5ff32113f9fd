"""What finding the next time takes: calendars.py croniter|cronsim ZONE COUNT reads expressions, one a line, and
prints for each of them the nanoseconds of one search and the last time found, walking from answer to answer."""

import datetime
import sys
import time
import zoneinfo


def main() -> None:
    library, zone, count = sys.argv[1], zoneinfo.ZoneInfo(sys.argv[2]), int(sys.argv[3])
    # 2025-01-01 00:00:00 UTC, as in Sources/CalendarRate.
    start = datetime.datetime.fromtimestamp(1_735_689_600, zone)
    for line in sys.stdin:
        best = float("inf")
        for _ in range(5):
            search = _searcher(library, line.rstrip("\n"), start)
            began = time.perf_counter_ns()
            for _ in range(count):
                last = search()
            best = min(best, time.perf_counter_ns() - began)
        print(f"{best / count:.1f} 0 {int(last.timestamp())}")


def _searcher(library: str, expression: str, start: datetime.datetime):
    if library == "croniter":
        import croniter

        search = croniter.croniter(expression, start, implement_cron_bug=True)
        return lambda: search.get_next(datetime.datetime)
    import cronsim

    search = cronsim.CronSim(expression, start)
    return lambda: next(search)


main()

"""`python -m tests.bench.procrastinate_noop DATABASE`: prints the no-op tasks per second of
procrastinate, from the first one taken to the last one committed."""

import asyncio
import sys
import time

import procrastinate

TASKS = 1000


async def main(name):
    connector = procrastinate.PsycopgConnector(kwargs={"dbname": name})
    app = procrastinate.App(connector=connector)

    @app.task(name="noop")
    async def noop():
        return None

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        await app.tasks["noop"].batch_defer_async(*({} for _number in range(TASKS)))
        started = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=10, listen_notify=False)
        print(TASKS / (time.perf_counter() - started))


asyncio.run(main(sys.argv[1]))

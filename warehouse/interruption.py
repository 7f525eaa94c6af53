"""Ctrl-C stops a query at once, whatever it is doing.

By itself DuckDB looks for signals between pieces of work, and a piece of a join of everything with
everything takes minutes.
"""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

INTERRUPTED = "Query interrupted"  # what DuckDB says when it sees the signal first


@contextmanager
def interruptible(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Pass Ctrl-C on to the connection while the block runs, and raise KeyboardInterrupt for it.

    Nothing is passed on outside the main thread, or where the program has its own way with Ctrl-C.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Whose queries are stopped.

    Raises
    ------
    KeyboardInterrupt
        If a query was stopped.
    """
    try:
        with _passed_on(con):
            yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise


@contextmanager
def _passed_on(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    told, telling = socket.socketpair()
    telling.setblocking(False)
    before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    listener = threading.Thread(target=_listen, args=(told, con), daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        telling.close()  # ends the listener
        listener.join()
        told.close()


def _listen(told: socket.socket, con: duckdb.DuckDBPyConnection) -> None:
    while signals := told.recv(64):
        if signal.SIGINT in signals:
            con.interrupt()

"""What may still change: callbacks that do something besides computing."""

from functrans.control.callback import io_callback

__all__ = ["io_callback"]

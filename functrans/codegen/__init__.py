"""Programs into native code. Nothing is imported here: LLVM is loaded by the first compilation."""

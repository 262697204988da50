"""The fused CPU engine: kernels written as LLVM vector code, compiled on the user's machine."""

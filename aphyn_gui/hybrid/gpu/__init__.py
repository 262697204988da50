"""The fused GPU engine: kernels written as CUDA C++, compiled at run time by NVRTC."""

"""The four problems of ADBench, against JAX and ADBench's hand-derived C++."""

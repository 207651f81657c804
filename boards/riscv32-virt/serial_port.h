// The UART: 115,200 bit/s, 3.6864 MHz in sixteenths divided by 2.
#define SERIAL_REGISTERS 0x10000000
#define SERIAL_STRIDE 1
#define SERIAL_DIVISOR 2

// The first UART: registers four bytes apart; 57,600 bit/s, 12 MHz in sixteenths divided by 13.
#define SERIAL_REGISTERS 0xfffb0000
#define SERIAL_STRIDE 4
#define SERIAL_DIVISOR 13

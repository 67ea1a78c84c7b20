// libavformat, libavcodec, libswscale and libavutil as Swift sees them.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

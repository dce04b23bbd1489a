"""The float formats, and the numbers that formulas need of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating format, and the polynomials that are good enough for it."""

    precision: int  # stored bits of the significand
    bias: int
    ln2: tuple[float, float]  # high part, so short that its product with an exponent is exact
    sqrt_half: int  # bits of √½
    largest: float
    exp_range: tuple[float, float]  # beyond which exp is 0 or infinite
    exp2_range: tuple[float, float]
    exp_subnormal: float  # below which exp may be subnormal
    expm1_low: float  # below which expm1 is −1
    sinh_high: float  # above which sinh is infinite
    exp: tuple[float, ...]  # (e^r − 1 − r)/r² on |r| ≤ ln2/2, for e^r
    expm1: tuple[float, ...]  # the same, for e^r − 1
    log: tuple[float, ...]  # (log((1+s)/(1−s))/s − 2)/s² in s², |s| ≤ 3 − 2√2
    log2_e: tuple[float, float]  # 1/log(2), 1/log(10) and log10(2) as sums
    log10_e: tuple[float, float]
    log10_2: tuple[float, float]  # both positive
    half_pi: tuple[float, float, float]  # as a sum
    circle_limit: float  # beyond which three parts of π/2 are too few
    sin: tuple[float, ...]  # (sin(r)/r − 1)/r² in r², |r| ≤ π/4
    cos: tuple[float, ...]  # (cos(r) − 1 + r²/2)/r⁴ in r²
    tan: tuple[float, ...]  # (tan(r)/r − 1)/r² in r², |r| ≤ π/4
    atan: tuple[float, ...]  # (atan(x)/x − 1)/x² in x², |x| ≤ 1/2
    asin: tuple[float, ...]  # the same for asin
    atanh: tuple[float, ...]  # (atanh(x)/x − 1)/x² in x², |x| ≤ 0.282
    cbrt: tuple[float, ...]  # ((1 − h)^(−1/3) − 1)/h, |h| ≤ 0.1026
    erf: tuple[float, ...]  # (erf(x)/x − 2/√π)/x² in x², |x| ≤ 1
    erf_far: tuple[float, ...]  # log2(1 − erf(x))/x, from 1 to where erf(x) is 1
    erfcx_start: float  # the low part of erfcx[0]
    erfcx: tuple[float, ...]  # (1 + 2x)·exp(x²)·erfc(x) in t with x = 3(1 + t)/(1 − t), x ≥ 3/4
    two_power: tuple[float, ...]  # (2^r − 1)/r, |r| ≤ 1/2
    two_over_root_pi: tuple[float, float]  # 2/√π as a sum
    erf_one: float  # from which erf is 1
    erfc_zero: float  # from which erfc is 0
    cbrt_seed: int  # less a third of the bits of x gives the bits of about 1/∛x
    cbrt_range: tuple[float, float]  # where the cube root's residual does not underflow; a factor
    hypot_range: tuple[float, float]  # where squares neither overflow nor underflow
    far_log: float  # from which √(x² ± 1) is x

    @property
    def shift(self) -> float:
        """Added to an integral number, it puts the integer into the low bits."""
        return 1.5 * 2.0**self.precision

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)


DOUBLE = Format(
    precision=52,
    bias=1023,
    ln2=(float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")),
    sqrt_half=0x3FE6A09E667F3BCD,
    largest=float.fromhex("0x1.fffffffffffffp+1023"),
    exp_range=(-746.0, 710.0),
    exp2_range=(-1076.0, 1025.0),
    exp_subnormal=-707.0,
    expm1_low=-100.0,
    sinh_high=710.7,
    # Errors below 2^-58 of e^r, 2^-61.7 relative to e^r − 1, 2^-58 of the logarithm.
    exp=(0.5000000000000012, 0.166666666666667, 0.04166666666651553, 0.008333333333307281,
         0.0013888888946994367, 0.00019841269917196815, 2.4801489957536435e-05,
         2.755721647481865e-06, 2.7631276862278717e-07, 2.5117805901432445e-08),
    expm1=(0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321615,
           0.0013888888888866854, 0.00019841269886158627, 2.4801587360526476e-05,
           2.755724418181788e-06, 2.755724278310075e-07, 2.5109044930089584e-08,
           2.0924436613885687e-09),
    log=(0.6666666666666734, 0.3999999999941377, 0.2857142874262121, 0.22222198546364488,
         0.18183565853759207, 0.15314008306642574, 0.1479640204433873),
    log2_e=(float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.777d0ffda0d24p-56")),
    log10_e=(float.fromhex("0x1.bcb7b1526e50ep-2"), float.fromhex("0x1.95355baaafad3p-57")),
    log10_2=(float.fromhex("0x1.34413509f79fep-2"), float.fromhex("0x1.e623e2566b02ep-55")),
    half_pi=(float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54"),
             float.fromhex("-0x1.f1976b7ed8fbcp-110")),
    circle_limit=2.0**26,
    # Errors below 2^-58 of the sine, relative to r, and 2^-64 of the cosine.
    sin=(-0.16666666666666632, 0.008333333333322429, -0.00019841269829817492,
         2.755731369458922e-06, -2.5050758440326755e-08, 1.5896809994963965e-10),
    cos=(0.0416666666666666, -0.001388888888887413, 2.4801587289484725e-05,
         -2.7557314352876433e-07, 2.087572332839126e-09, -1.1359649942279497e-11),
    tan=(0.3333333333333271, 0.13333333333423505, 0.05396825392266222, 0.02186948969996489,
         0.008863217946195039, 0.003592299556674502, 0.0014546971024643396,
         0.0005953102779051019, 0.00022168382523351919, 0.00013790716381866175,
         -2.826687138941047e-05, 9.112461167209861e-05, -4.5751383461586035e-05,
         2.106743883721631e-05),
    atan=(-0.33333333333332993, 0.19999999999905566, -0.14285714276584657,
          0.11111110667640908, -0.09090896431886633, 0.07692076663169095,
          -0.06663837096935064, 0.05858468426754745, -0.05122720943748541,
          0.04188414691827837, -0.027464231215673714, 0.010136466201772396),
    asin=(0.16666666666665383, 0.07500000000342875, 0.04464285682360667, 0.030381959326615127,
          0.022371753625055436, 0.017359769695563274, 0.01388461132111661,
          0.012173201460262949, 0.006511164380658014, 0.01957311847160995,
          -0.01629292773707966, 0.03195823629370909),
    atanh=(0.3333333333333357, 0.1999999999988214, 0.1428571430599931, 0.1111110940191041,
           0.09090990371423514, 0.07689982166647424, 0.06707377530396876, 0.05458773702502178,
           0.07615173621913432),
    cbrt=(0.33333333705915474, 0.22222224272092303, 0.17283315427240142, 0.14402060666970687,
          0.1264310161548146, 0.1129212228927195),
    erf=(-0.37612638903183615, 0.11283791670947076, -0.026866170643499263,
         0.0052239776089289865, -0.0008548326051534355, 0.00012055296947739687,
         -1.4924772688703773e-05, 1.6447832040827485e-06, -1.6211388394578216e-07,
         1.3731847278373528e-08, -7.816647232180955e-10),
    erf_far=(-1.627906580728707, -0.9184523288892507, -0.14825191843915275,
             0.027551022483129323, 0.0003810472243007761, -0.0025441017338361494,
             0.000934419693041927, -8.271986893279316e-05, -8.510566171995224e-05,
             5.4870530220144755e-05, -1.9259927135320553e-05, 4.691180270129884e-06,
             -8.293554747936815e-07, 1.0541213224915967e-07, -9.179980010638602e-09,
             4.917258820858848e-10, -1.2230269682899834e-11),
    erfcx_start=4.453363866872051e-17,
    erfcx=(1.2530080582697296, -0.13562110612458153, -0.047562294353450815,
           0.12964515870281274, -0.11927366341531524, 0.06830802734166387,
           -0.02377051491775507, 0.00252939186310407, 0.001888690329592105,
           -0.0007798327921800154, -0.00010515935203744803, 0.0001251027295546527,
           4.945814402459102e-06, -2.0113700316375825e-05, -7.140634551423924e-07,
           3.501822151784558e-06, 3.0838854588326826e-07, -6.488800376762805e-07,
           -6.732391961799783e-08, 1.0739620795398515e-07, -1.0614842174160145e-08),
    two_power=(0.6931471805599453, 0.24022650695910097, 0.05550410866482166,
               0.009618129107606888, 0.0013333558146396353, 0.00015403530441738725,
               1.5252733853008965e-05, 1.3215442585519826e-06, 1.0178051813879023e-07,
               7.0725865045146984e-09, 4.456666019284509e-10),
    two_over_root_pi=(float.fromhex("0x1.20dd750429b6dp+0"),
                      float.fromhex("0x1.1ae3a914fed80p-56")),
    erf_one=6.0,
    erfc_zero=27.3,
    cbrt_seed=0x553EE800,
    cbrt_range=(2.0**-900, 2.0**198),
    hypot_range=(2.0**-480, 2.0**510),
    far_log=2.0**28,
)  # fmt: skip

SINGLE = Format(
    precision=23,
    bias=127,
    ln2=(float.fromhex("0x1.62e400p-1"), float.fromhex("0x1.7f7d1cf79abcap-20")),
    sqrt_half=0x3F3504F3,
    largest=float.fromhex("0x1.fffffep+127"),
    exp_range=(-104.0, 89.0),
    exp2_range=(-151.0, 129.0),
    exp_subnormal=-86.0,
    expm1_low=-30.0,
    sinh_high=89.6,
    # Errors below 2^-28.2 of e^r, 2^-31.9 relative to e^r − 1, 2^-29.1 of the logarithm.
    exp=(0.5, 0.16666518, 0.041666206, 0.00836889, 0.0013950494),
    expm1=(0.5, 0.16666667, 0.041666355, 0.008333273, 0.0013941014, 0.00019914276),
    log=(0.66666776, 0.3997753, 0.2987215),
    log2_e=(float.fromhex("0x1.715476p+0"), float.fromhex("0x1.4ae0c00000000p-26")),
    log10_e=(float.fromhex("0x1.bcb7b20000000p-2"), float.fromhex("-0x1.5b235e0000000p-27")),
    log10_2=(float.fromhex("0x1.3441340000000p-2"), float.fromhex("0x1.09f7a00000000p-26")),
    half_pi=(float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25"),
             float.fromhex("-0x1.ee59dap-50")),
    circle_limit=2.0**12,
    # Errors below 2^-28 of the sine, relative to r, and 2^-33.2 of the cosine.
    sin=(-0.16666654874737866, 0.008332173526601327, -0.00019516649097606203),
    cos=(0.041666646762778266, -0.0013887361892257783, 2.4437760048104152e-05),
    tan=(0.33333352, 0.13332607, 0.054065943, 0.021252822, 0.010908115, 2.013084e-06,
         0.0044176835),
    atan=(-0.33333328, 0.199995, -0.1427225, 0.10942366, -0.07989115, 0.038791858),
    asin=(0.16666754, 0.07495251, 0.045476094, 0.024151452, 0.042213652),
    atanh=(0.33333302, 0.20003706, 0.14148037, 0.13090856),
    cbrt=(0.33332983, 0.2233679, 0.17449678),
    erf=(-0.37612632, 0.1128363, -0.026855486, 0.0051912926, -0.000803502, 7.933014e-05),
    erf_far=(-1.6283658, -0.91605127, -0.15371773, 0.03466138, -0.005431217, 0.0005083007,
             -2.0390382e-05),
    erfcx_start=5.0366708e-08,
    erfcx=(1.253008, -0.1356211, -0.047562312, 0.12964493, -0.11927313, 0.068312176,
           -0.023775717, 0.0024991203, 0.001908913, -0.0006810146, -0.00013083924),
    two_power=(0.6931472, 0.2402265, 0.05550357, 0.009618031, 0.0013390871, 0.00015469732),
    two_over_root_pi=(float.fromhex("0x1.20dd76p+0"),
                      float.fromhex("-0x1.f7ac92p-25")),
    erf_one=4.0,
    erfc_zero=10.2,
    cbrt_seed=0x54A1F400,
    cbrt_range=(2.0**-80, 2.0**48),
    hypot_range=(2.0**-50, 2.0**62),
    far_log=2.0**13,
)  # fmt: skip

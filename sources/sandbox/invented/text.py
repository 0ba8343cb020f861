# ruff: noqa: RUF001 - apostrophes and alphabets are as the languages write them
"""What customers and agents of the invented site write: names, subjects and sentences in seven languages."""

import random
from dataclasses import dataclass

BLURB_LENGTH = 250
"""Desk cuts `blurb` at 250 characters (desk-api, values)."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language with enough words to fill letters; `code` is what Desk puts into `language`."""

    code: str
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    greetings: tuple[str, ...]
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    thanks: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a customer: `body` in full, `blurb` as Desk shows it in lists."""

    language: str
    subject: str
    body: str
    blurb: str


def letter(language: Language, rng: random.Random) -> Letter:
    """A letter of two to seven sentences."""
    told = rng.sample(language.sentences, rng.randint(2, len(language.sentences) - 1))
    greeting, name = rng.choice(language.greetings), rng.choice(language.given_names)
    body = f"{greeting}\r\n\r\n{' '.join(told)}\r\n\r\n{language.thanks}\r\n{name}"
    return Letter(language.code, rng.choice(language.subjects), body, body[:BLURB_LENGTH])


def letters(count: int, rng: random.Random) -> tuple[Letter, ...]:
    """`count` letters; every second one English, the others spread over the other languages."""
    english, others = LANGUAGES[0], LANGUAGES[1:]
    return tuple(letter(english if n % 2 == 0 else others[n // 2 % len(others)], rng) for n in range(count))


LANGUAGES = (
    Language(
        "en",
        ("Amelia", "Noah", "Priya", "Liam", "Zoë", "Siobhán", "Marcus", "Grace"),
        ("Okafor", "Whitfield", "Patel", "O’Brien", "Lindqvist", "Carter", "Nguyen", "Abbott"),
        ("Hi there,", "Hello,", "Good morning,", "Hi team 👋"),
        (
            "Where is my order?",
            "Charged twice this month",
            "Cannot sign in since the update",
            "Re: Invoice question",
            "Feature request: export to spreadsheet",
            "Parcel arrived damaged",
            "Please change my delivery address",
            "Refund still not received",
        ),
        (
            "I placed an order last week and the tracking page has not moved since.",
            "My card statement shows the same charge two times.",
            "After resetting the password I am sent back to the sign-in page.",
            "I attached a screenshot so that you can see what happens.",
            "We are a team of twelve and all of us see the same message.",
            "Could you tell me when the replacement will be sent?",
            "The carton was torn open and one of the glasses is broken.",
            "This worked fine until Tuesday.",
        ),
        "Thank you for your help,",
    ),
    Language(
        "de",
        ("Jürgen", "Anneliese", "Björn", "Käthe", "Sören", "Mareike"),
        ("Müller", "Weiß", "Schröder", "Jäger", "Özdemir", "Krüger"),
        ("Guten Tag,", "Sehr geehrte Damen und Herren,", "Hallo zusammen,"),
        (
            "Frage zur Rechnung",
            "Lieferung unvollständig",
            "Anmeldung schlägt fehl",
            "AW: Ihre Bestellung",
            "Kündigung zum Monatsende",
            "Rückerstattung überfällig",
        ),
        (
            "leider fehlt in der Lieferung der größere der beiden Kartons.",
            "Auf der Rechnung steht noch unsere alte Anschrift.",
            "Seit dem letzten Update lässt sich die Seite nicht mehr öffnen.",
            "Könnten Sie mir bitte eine Übersicht der letzten Zahlungen schicken?",
            "Die Rückerstattung wurde mir für Ende März zugesagt.",
            "Wir benötigen den Nachweis für unsere Buchhaltung.",
            "Ein Bildschirmfoto habe ich angehängt.",
        ),
        "Mit freundlichen Grüßen",
    ),
    Language(
        "fr",
        ("Chloé", "Étienne", "Maëlle", "François", "Inès", "Loïc"),
        ("Lefèvre", "Garçon", "Dubois", "Béranger", "N’Diaye", "Moreau"),
        ("Bonjour,", "Bonsoir,", "Madame, Monsieur,"),
        (
            "Colis jamais reçu",
            "Problème de connexion",
            "Demande de remboursement",
            "Facture introuvable",
            "Changer d’adresse de livraison",
            "RE: votre commande",
        ),
        (
            "Mon colis est indiqué comme livré, mais je n’ai rien reçu.",
            "Le mot de passe que vous m’avez envoyé ne fonctionne pas.",
            "Où puis-je télécharger la facture du mois dernier ?",
            "J’ai été débitée deux fois pour le même abonnement.",
            "Pourriez-vous vérifier auprès du transporteur ?",
            "Voilà déjà trois semaines que j’attends une réponse.",
            "Vous trouverez la capture d’écran en pièce jointe.",
        ),
        "Merci d’avance et bonne journée,",
    ),
    Language(
        "es",
        ("Íñigo", "Begoña", "Raúl", "Lucía", "Andrés", "Ximena"),
        ("Muñoz", "García", "Peña", "Ibáñez", "Núñez", "Ordóñez"),
        ("Hola:", "Buenos días:", "Estimados señores:"),
        (
            "¿Dónde está mi pedido?",
            "Cobro duplicado",
            "No puedo iniciar sesión",
            "Solicitud de factura",
            "Cambio de dirección de envío",
            "El producto llegó roto",
        ),
        (
            "Hice el pedido hace diez días y todavía no ha salido del almacén.",
            "En mi tarjeta aparecen dos cargos iguales.",
            "La aplicación se cierra en cuanto pulso «Entrar».",
            "¿Pueden enviarme la factura a nombre de la empresa?",
            "Adjunto una foto de cómo llegó la caja.",
            "Ya escribí la semana pasada y nadie me contestó.",
            "Espero su respuesta lo antes posible.",
        ),
        "Muchas gracias y un saludo,",
    ),
    Language(
        "pt_br",
        ("João", "Letícia", "Antônio", "Conceição", "Thaís", "Otávio"),
        ("Gonçalves", "Araújo", "Magalhães", "Simões", "Falcão", "Luz"),
        ("Olá,", "Bom dia,", "Prezados,"),
        (
            "Pedido não chegou",
            "Cobrança em duplicidade",
            "Erro ao acessar a conta",
            "Segunda via do boleto",
            "Alteração de endereço",
            "Cancelamento da assinatura",
        ),
        (
            "O prazo de entrega venceu na sexta-feira e não recebi nada.",
            "A página mostra um erro quando tento atualizar o cartão.",
            "Preciso da segunda via do boleto com a data corrigida.",
            "Gostaria de cancelar antes da próxima renovação.",
            "Já tentei em outro navegador e a situação é a mesma.",
            "Segue em anexo a imagem da tela.",
            "Vocês conseguem me ligar hoje à tarde?",
        ),
        "Obrigado pela atenção,",
    ),
    Language(
        "ja",
        ("陽菜", "大翔", "さくら", "健太", "美咲", "翔"),
        ("佐藤", "鈴木", "髙橋", "渡邉", "伊藤", "山本"),
        ("お世話になっております。", "こんにちは。"),
        (
            "注文が届きません",
            "請求書の宛名について",
            "ログインできません",
            "返品をお願いします",
            "住所変更のお願い",
            "二重に請求されています",
        ),
        (
            "先週注文した商品がまだ届いておりません。",
            "追跡番号を確認しましたが、情報が更新されていません。",
            "パスワードを変更しても同じ画面に戻ってしまいます。",
            "請求書の宛名を会社名に変更していただけますか。",
            "箱が破れていて、中の商品が割れていました。",
            "画面の写真を添付いたします。",
            "お手数ですが、ご確認をお願いいたします。",
        ),
        "よろしくお願いいたします。",
    ),
    Language(
        "uk",
        ("Олена", "Тарас", "Соломія", "Андрій", "Ірина", "Богдан"),
        ("Шевчук", "Коваленко", "Гнатюк", "Мельник", "Бондаренко", "Їжакевич"),
        ("Добрий день!", "Вітаю!"),
        (
            "Не надійшло замовлення",
            "Подвійна оплата",
            "Не можу увійти",
            "Питання щодо рахунку",
            "Повернення товару",
            "Зміна адреси доставки",
        ),
        (
            "Я оформила замовлення минулого тижня, але відповіді досі немає.",
            "З картки двічі списали ту саму суму.",
            "Після оновлення сторінка не відкривається.",
            "Надішліть, будь ласка, рахунок на нову адресу.",
            "Посилка прийшла пошкоджена, фото додаю.",
            "Чи можна змінити спосіб доставки?",
        ),
        "Дякую за допомогу,",
    ),
)
